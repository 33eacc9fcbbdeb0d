package sqlfiles

import (
	"embed"
	"io/fs"
)

//go:embed migrations settle
var files embed.FS

// Migrations are the numbered steps of the tables.
func Migrations() fs.FS {
	sub, err := fs.Sub(files, "migrations")
	if err != nil {
		panic(err) // the folder is embedded above
	}
	return sub
}

// Settle returns a statement text that decides, after an ingest, which copies count.
func Settle(name string) string {
	text, err := files.ReadFile("settle/" + name + ".sql")
	if err != nil {
		panic(err)
	}
	return string(text)
}
