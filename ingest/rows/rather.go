package rows

// Rather puts these changes in the place of what the arguments told: a result that shows the files as
// they were and are knows better.
func (c *Call) Rather(list ...Change) {
	c.changes = c.changes[:0]
	for _, ch := range list {
		c.Change(ch)
	}
}
