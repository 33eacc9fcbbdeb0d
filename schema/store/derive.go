package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strings"
	"sync"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

// The rows (calls and messages) of the sessions that are derived together: deriveBatch bounds the memory
// it takes, and below deriveSplit it is not worth to share the work.
var (
	deriveBatch = 300_000
	deriveSplit = 30_000
)

// MarkAllStale has the kept results of every session derived anew.
func MarkAllStale(ctx context.Context, conn *sql.Conn, level string) error {
	_, err := conn.ExecContext(ctx, fmt.Sprintf(`
		DELETE FROM raw.stale_sessions WHERE level = %[1]s;
		INSERT INTO raw.stale_sessions
		SELECT DISTINCT session_id, %[1]s FROM raw.sessions WHERE session_id IS NOT NULL`, Quote(level)))
	return err
}

// Derive brings the kept results of one level (sqlfiles.KeptFacts, KeptFindings or KeptTogether) up to date
// for the sessions in raw.stale_sessions, a batch of sessions per transaction, and returns their number.
//
// A definition is written as if it looked at everything. Here it runs over temporary relations that
// have the names it reads and hold the rows of the batch only: DuckDB finds those first.
func Derive(ctx context.Context, conn *sql.Conn, level string) (int, error) {
	return derive(ctx, level, conn, 1, nil)
}

// Derive is the function Derive on as many connections as there are processors to use: most of the
// statements are too small for the engine to share among its own threads.
func (s *Store) Derive(ctx context.Context, level string) (int, error) {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	workers := s.opts.Threads
	if workers == 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	if limit := s.db.Stats().MaxOpenConnections; limit > 0 {
		workers = min(workers, limit)
	}
	workers = min(workers, 4)
	if workers > 1 {
		if err := s.alone(ctx, true); err != nil {
			return 0, err
		}
		defer s.alone(context.WithoutCancel(ctx), false)
	}
	return derive(ctx, level, conn, workers, s.db.Conn)
}

func derive(ctx context.Context, level string, conn *sql.Conn, workers int, connect func(context.Context) (*sql.Conn, error)) (int, error) {
	waiting, err := countStale(ctx, conn, level)
	if waiting == 0 || err != nil {
		return 0, err
	}
	set, err := sqlfiles.Views()
	if err != nil {
		return 0, err
	}
	switch level {
	case sqlfiles.KeptTogether:
		return waiting, deriveTogether(ctx, conn, set)
	case sqlfiles.KeptFindings:
		_, err := conn.ExecContext(ctx, fmt.Sprintf("INSERT INTO raw.stale_sessions SELECT DISTINCT session_id, %s FROM raw.stale_sessions WHERE level = %s",
			Quote(sqlfiles.KeptTogether), Quote(level)))
		if err != nil {
			return 0, err
		}
	}
	plan := planDerive(set, level)
	batches, err := splitStale(ctx, conn, level, workers)
	if err != nil {
		return 0, fmt.Errorf("derive %s: %w", level, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	queue := make(chan []string, len(batches))
	for _, b := range batches {
		queue <- b
	}
	close(queue)
	work := func(conn *sql.Conn) error {
		d := deriver{ctx: ctx, conn: conn, level: level, plan: plan}
		if err := d.run(queue); err != nil {
			cancel()
			return fmt.Errorf("derive %s: %w", level, err)
		}
		return nil
	}
	errs := make([]error, min(workers, len(batches)))
	var wg sync.WaitGroup
	for i := 1; i < len(errs); i++ {
		wg.Go(func() {
			extra, err := connect(ctx)
			if err != nil {
				errs[i] = err
				return
			}
			defer extra.Close()
			errs[i] = work(extra)
		})
	}
	errs[0] = work(conn)
	wg.Wait()
	// One failure stops the others: the first that is not about that is the reason.
	slices.SortStableFunc(errs, func(a, b error) int { return cancelled(a) - cancelled(b) })
	return waiting, errors.Join(errs...)
}

// deriveTogether derives what is kept of all sessions at once. Its definitions run over the relations as they
// are stored.
func deriveTogether(ctx context.Context, conn *sql.Conn, set *sqlfiles.Set) error {
	return overCore(ctx, conn, func() error {
		return transact(ctx, conn, func(*sql.Conn) error {
			for _, d := range set.Definitions {
				if d.Kept != sqlfiles.KeptTogether {
					continue
				}
				_, err := conn.ExecContext(ctx, fmt.Sprintf("DELETE FROM kept.%[1]s;\nINSERT INTO kept.%[1]s SELECT %[2]s FROM (\n%[3]s\n)", d.Name, columnNames(d), d.Body))
				if err != nil {
					return fmt.Errorf("derive %s: %w", d.Name, err)
				}
			}
			_, err := conn.ExecContext(ctx, "DELETE FROM raw.stale_sessions WHERE level = "+Quote(sqlfiles.KeptTogether))
			return err
		})
	})
}

// overCore runs f with the relations of the schema core under their bare names.
func overCore(ctx context.Context, conn *sql.Conn, f func() error) (err error) {
	var home string
	if err := conn.QueryRowContext(ctx, `SELECT current_database()`).Scan(&home); err != nil {
		return err
	}
	home = `"` + strings.ReplaceAll(home, `"`, `""`) + `"`
	if _, err := conn.ExecContext(ctx, "USE "+home+".core"); err != nil {
		return err
	}
	defer func() {
		// The context may be the reason to stop; the connection must be left as it was all the same.
		_, e := conn.ExecContext(context.WithoutCancel(ctx), "USE "+home)
		err = errors.Join(err, e)
	}()
	return f()
}

func cancelled(err error) int {
	if errors.Is(err, context.Canceled) {
		return 1
	}
	return 0
}

func countStale(ctx context.Context, conn *sql.Conn, level string) (int, error) {
	var n int
	err := conn.QueryRowContext(ctx, `SELECT count(DISTINCT session_id) FROM raw.stale_sessions WHERE level = ?`, level).Scan(&n)
	return n, err
}

// splitStale puts the waiting sessions into batches, at least one per worker where that is worth it.
func splitStale(ctx context.Context, conn *sql.Conn, level string, workers int) ([][]string, error) {
	lists, err := texts(ctx, conn, fmt.Sprintf(`
		WITH waiting AS (
			SELECT DISTINCT session_id FROM raw.stale_sessions WHERE level = %s
		),
		sized AS (
			SELECT session_id, count(r.session_id) AS row_count
			FROM waiting
			LEFT JOIN (
				SELECT session_id FROM raw.model_calls
				UNION ALL SELECT session_id FROM raw.tool_calls
				UNION ALL SELECT session_id FROM raw.messages
			) AS r USING (session_id)
			GROUP BY session_id
		),
		placed AS (
			SELECT
				session_id,
				sum(row_count) OVER (ORDER BY session_id) - row_count AS rows_before,
				least(%d, greatest(%d, sum(row_count) OVER () // %d + 1)) AS batch_rows
			FROM sized
		)
		SELECT string_agg(session_id::VARCHAR, ',') FROM placed GROUP BY rows_before // batch_rows ORDER BY rows_before // batch_rows`,
		Quote(level), deriveBatch, deriveSplit, workers))
	if err != nil {
		return nil, err
	}
	out := make([][]string, len(lists))
	for i, l := range lists {
		out[i] = strings.Split(l, ",")
	}
	return out, nil
}

// A deriver runs a plan for one batch after the other.
type deriver struct {
	ctx   context.Context
	conn  *sql.Conn
	level string
	plan  []step
}

func (d *deriver) exec(q string) error {
	_, err := d.conn.ExecContext(d.ctx, q)
	return err
}

func (d *deriver) run(queue <-chan []string) error {
	return overCore(d.ctx, d.conn, func() (err error) {
		if err := d.exec("CREATE OR REPLACE TEMP TABLE touched_sessions (session_id UBIGINT)"); err != nil {
			return err
		}
		defer func() {
			_, e := d.conn.ExecContext(context.WithoutCancel(d.ctx), "DROP TABLE IF EXISTS temp.touched_sessions")
			err = errors.Join(err, e)
		}()
		for batch := range queue {
			if err := transact(d.ctx, d.conn, func(*sql.Conn) error { return d.derive(batch) }); err != nil {
				return err
			}
		}
		return nil
	})
}

func (d *deriver) derive(batch []string) error {
	touched, err := d.touch(batch)
	if err != nil {
		return err
	}
	for _, s := range d.plan {
		if err := d.exec(strings.ReplaceAll(s.create, touchedMark, touched)); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	var q strings.Builder
	for i := len(d.plan) - 1; i >= 0; i-- {
		q.WriteString(d.plan[i].drop)
	}
	fmt.Fprintf(&q, "DELETE FROM raw.stale_sessions WHERE level = %s AND session_id %s", Quote(d.level), touched)
	return d.exec(q.String())
}

// touchedMark stands in the steps of a plan for the condition on session_id that selects a batch.
const touchedMark = "{in the batch}"

// touch gives that condition. A few ids are written out: the engine carries those down to the scans of the
// tables, and so reads little of a large store.
func (d *deriver) touch(batch []string) (string, error) {
	const few = 32
	if len(batch) <= few {
		return "IN (" + strings.Join(batch, ", ") + ")", nil
	}
	_, err := d.conn.ExecContext(d.ctx, "DELETE FROM touched_sessions; INSERT INTO touched_sessions SELECT unnest(string_split(?, ','))::UBIGINT", strings.Join(batch, ","))
	return "IN (SELECT session_id FROM temp.touched_sessions)", err
}

// A step of a plan makes one relation, or the stored result of one definition.
type step struct {
	name   string
	create string
	drop   string
}

// planDerive lists what has to be made, and in which order, to derive the kept results of a level.
func planDerive(set *sqlfiles.Set, level string) []step {
	p := planner{set: set, level: level, readers: map[string][]*sqlfiles.Definition{}, inputs: map[string]bool{}}
	for _, d := range set.Definitions {
		if d.Kept == level {
			p.reach(d)
		}
	}
	var out []step
	for _, name := range slices.Sorted(maps.Keys(p.inputs)) {
		out = append(out, p.input(name))
	}
	for _, d := range set.Definitions {
		if p.readers[d.Name] != nil || d.Kept == level {
			out = append(out, p.steps(d)...)
		}
	}
	return out
}

type planner struct {
	set     *sqlfiles.Set
	level   string
	readers map[string][]*sqlfiles.Definition // by the name of what they read
	inputs  map[string]bool
}

// reach notes what d reads, and what that reads, as far as it is computed here.
func (p *planner) reach(d *sqlfiles.Definition) {
	for _, name := range d.Inputs {
		p.inputs[name] = true
	}
	for _, name := range d.Reads {
		read := p.set.Get(name)
		first := p.readers[name] == nil
		p.readers[name] = append(p.readers[name], d)
		if first && p.computed(read) && read.Kept == "" {
			p.reach(read)
		}
	}
}

// computed says that a relation is made from its definition. Others are cut out of the stored ones: base
// views, and what is kept at a level before.
func (p *planner) computed(d *sqlfiles.Definition) bool {
	return d.Kept == p.level || d.Kept == "" && d.Layer != "base"
}

// wide says that a definition puts many computed ones together. As one statement those would hold all their
// memory at the same time; made one after the other, each takes what the one before gave back.
func (p *planner) wide(d *sqlfiles.Definition) bool {
	const many = 6
	n := 0
	for _, name := range d.Reads {
		if r := p.set.Get(name); p.computed(r) && r.Kept == "" {
			n++
		}
	}
	return n >= many
}

func (p *planner) input(name string) step {
	return step{
		name:   name,
		create: fmt.Sprintf("CREATE TEMP VIEW %[1]s AS SELECT * FROM raw.%[1]s WHERE session_id %[2]s", name, touchedMark),
		drop:   fmt.Sprintf("DROP VIEW temp.%s;\n", name),
	}
}

func (p *planner) steps(d *sqlfiles.Definition) []step {
	read := len(p.readers[d.Name])
	table := step{name: d.Name, drop: fmt.Sprintf("DROP TABLE temp.%s;\n", d.Name)}
	switch {
	case !p.computed(d):
		if !hasColumn(d, "session_id") {
			return nil // prices, settings: read where they are
		}
		table.create = fmt.Sprintf("CREATE TEMP TABLE %s AS SELECT %s FROM core.%s WHERE session_id %s",
			d.Name, p.needed(d), d.Name, touchedMark)
		return []step{table}
	case d.Kept == "" && read == 1 && !p.wide(p.readers[d.Name][0]):
		return []step{{
			name:   d.Name,
			create: fmt.Sprintf("CREATE TEMP VIEW %s AS\n%s", d.Name, d.Body),
			drop:   fmt.Sprintf("DROP VIEW temp.%s;\n", d.Name),
		}}
	case d.Kept == "":
		table.create = fmt.Sprintf("CREATE TEMP TABLE %s AS SELECT %s FROM (\n%s\n)", d.Name, p.needed(d), d.Body)
		return []step{table}
	}
	// What is kept is written once, and what follows reads it back: a table costs more to write than to read.
	result := step{name: d.Name, create: fmt.Sprintf("DELETE FROM kept.%[1]s WHERE session_id %[4]s;\nINSERT INTO kept.%[1]s SELECT %[2]s FROM (\n%[3]s\n)",
		d.Name, columnNames(d), d.Body, touchedMark)}
	if read > 0 {
		result.create += fmt.Sprintf(";\nCREATE TEMP VIEW %s AS SELECT %s FROM kept.%s WHERE session_id %s", d.Name, p.needed(d), d.Name, touchedMark)
		result.drop = fmt.Sprintf("DROP VIEW temp.%s;\n", d.Name)
	}
	return []step{result}
}

// needed lists the columns of a relation that its readers may name: a column that none of them writes
// anywhere cannot matter, as no definition above base selects all columns.
func (p *planner) needed(d *sqlfiles.Definition) string {
	var out []string
	words := map[string]bool{"session_id": true}
	for _, r := range p.readers[d.Name] {
		if r.Layer == "base" {
			return columnNames(d)
		}
		for w := range r.Words() {
			words[w] = true
		}
	}
	for _, c := range d.Columns {
		if words[c.Name] {
			out = append(out, c.Name)
		}
	}
	return strings.Join(out, ", ")
}

func hasColumn(d *sqlfiles.Definition, name string) bool {
	for _, c := range d.Columns {
		if c.Name == name {
			return true
		}
	}
	return false
}
