package schema

import "strings"

// A Source is what the store knows of one log file or database.
type Source struct {
	SourceID       int64   `col:"source_id"`
	MachineID      string  `col:"machine_id"`
	Agent          string  `col:"agent"`
	StoreKind      string  `col:"store_kind"`
	Path           string  `col:"path"`
	FileID         string  `col:"file_id"` // device and inode; "" where the system has none
	SizeBytes      int64   `col:"size_bytes"`
	ModifiedAt     Instant `col:"modified_at"`
	HeadHash       string  `col:"head_hash"`
	TailHash       string  `col:"tail_hash"`
	ParsedOffset   int64   `col:"parsed_offset"`
	Records        int64   `col:"parsed_record_count"`
	UnknownRecords int64   `col:"unknown_record_count"`
	Parser         string  `col:"parser"`
	ParserVersion  int32   `col:"parser_version"`
	ParserState    string  `col:"parser_state"`
	State          string  `col:"source_state"` // see Source* constants
	StateReason    string  `col:"state_reason"`
	FirstImportID  int64   `col:"first_import_id"`
	LastImportID   int64   `col:"last_import_id"`
}

// TableName makes a Source a Row: it is stored like the rows that were read from it.
func (*Source) TableName() string { return "sources" }

// ImportedPrefix begins the FileID of a source that came from an export of a machine, here or elsewhere: its
// number there, the import that read it there, and how much text came with it follow.
const ImportedPrefix = "export:"

// Imported reports whether the source came from an export: its path is that of another machine.
func (s *Source) Imported() bool { return strings.HasPrefix(s.FileID, ImportedPrefix) }

// What became of a source.
const (
	SourcePresent    = "present"    // as last read
	SourceMissing    = "missing"    // gone; its rows stay
	SourceReplaced   = "replaced"   // another file took its path; its rows stay
	SourceUnreadable = "unreadable" // could not be read; the rows of an earlier reading stay
	SourceRefused    = "refused"    // no session log, or none that a parser takes; has no rows
	SourceForgotten  = "forgotten"  // all its sessions were forgotten: no rows, and a hash for its path
)

// An Import is one run of ingest: a row of raw.imports.
type Import struct {
	ImportID       int64
	StartedAt      Instant
	EndedAt        Instant
	ToolVersion    string
	Seen           int64
	Read           int64
	Skipped        int64
	Failed         int64
	ReadBytes      int64
	Records        int64
	UnknownRecords int64
	Status         string // running, ok, partial, failed
}
