// Package sqlfiles carries the SQL and the tables of rules and prices that the program is built with.
package sqlfiles

import "embed"

// Data holds the CSV files below data/: prices, names of models, kinds of tools, rules for commands.
//
//go:embed data
var Data embed.FS
