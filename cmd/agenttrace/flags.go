package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/queries/redact"
)

// common are the flags that several commands share. Each command adds the groups that have an effect
// there; a flag of another group is an unknown flag, never one that is ignored.
type common struct {
	// store
	db          string
	home        string
	noRefresh   bool
	lockTimeout time.Duration
	memory      string
	quiet       bool
	verbose     bool
	content     string
	demo        bool // the built-in sample sessions stand for the user's own
	// output
	format  string
	output  string
	color   string
	noPager bool
	secrets bool
	tz      string
	// scope
	dirs     []string
	lake     string // exports of many machines stand for the user's own sessions
	since    string
	until    string
	agents   []string
	projects []string
	models   []string
	branches []string
	// gates
	underHealth  float64
	onCritical   bool
	toolFailRate float64
	health       string
	allowEmpty   bool
	gates        []string // the gates that were asked for
}

func (c *common) addStore(f *pflag.FlagSet) {
	f.StringVar(&c.db, "db", "", "store file, or :memory: (default $AGENTTRACE_DB, else the per-user data folder)")
	f.StringVar(&c.home, "home", "", "home folder to look for logs in (default $HOME)")
	f.BoolVar(&c.noRefresh, "no-refresh", false, "answer from the store as it is, without looking for new logs")
	c.lockTimeout = 10 * time.Second
	f.Var((*seconds)(&c.lockTimeout), "lock-timeout", "how long to wait when another process holds the store")
	c.addRun(f)
}

// addRun adds the flags of commands that work on a store of their own.
func (c *common) addRun(f *pflag.FlagSet) {
	f.StringVar(&c.memory, "memory", "", "memory for the database engine, such as 200MB")
	f.BoolVarP(&c.quiet, "quiet", "q", false, "no progress and no notices")
	f.BoolVarP(&c.verbose, "verbose", "v", false, "say more on stderr")
}

func (c *common) addDemo(f *pflag.FlagSet) {
	f.BoolVar(&c.demo, "demo", false, "ask the built-in sample sessions instead of your own")
}

func (c *common) addOutput(f *pflag.FlagSet, formats string) {
	f.StringVarP(&c.format, "format", "f", "", formats)
	f.StringVarP(&c.output, "output", "o", "", "write to this file, whole or not at all; its suffix names the format where -f does not")
	f.StringVar(&c.color, "color", "auto", "auto, always or never (NO_COLOR is honoured)")
	f.BoolVar(&c.noPager, "no-pager", false, "never start a pager ($AGENTTRACE_PAGER, else $PAGER, for what is taller than the screen)")
	f.BoolVar(&c.secrets, "show-secrets", false, "print what redaction would hide")
	f.StringVar(&c.tz, "tz", "", "time zone for days and for display (default the system's)")
}

func (c *common) addScope(f *pflag.FlagSet) {
	f.StringArrayVarP(&c.dirs, "dir", "d", nil, "only this folder and all below it, read into memory (repeatable)")
	c.addLake(f)
	c.addFilters(f)
}

func (c *common) addLake(f *pflag.FlagSet) {
	f.StringVar(&c.lake, "lake", "", "ask the Parquet exports of all machines in this folder instead of the store")
}

func (c *common) addFilters(f *pflag.FlagSet) {
	f.StringVar(&c.since, "since", "", "from this date, timestamp, or age: 2026-01-31, 7d, 24h, 2w, 3mo")
	f.StringVar(&c.until, "until", "", "until this date (the day included), timestamp, or age")
	f.StringArrayVar(&c.agents, "agent", nil, "only this agent (repeatable)")
	f.StringArrayVar(&c.projects, "project", nil, "only this project: name, folder or id (repeatable)")
	f.StringArrayVar(&c.models, "model", nil, "only sessions that used this model (repeatable)")
	f.StringArrayVar(&c.branches, "branch", nil, "only this git branch (repeatable)")
}

func (c *common) addGates(f *pflag.FlagSet) {
	f.Float64Var(&c.underHealth, "fail-under-health", 0, "exit 3 if the mean health of the scored sessions is below this")
	f.BoolVar(&c.onCritical, "fail-on-critical", false, "exit 3 if a session is in the critical band")
	f.Float64Var(&c.toolFailRate, "max-tool-fail-rate", 0, "exit 3 if more than this percentage of tool calls failed")
	f.StringVar(&c.health, "health", "", "health score that gates and reports use: v1 or v2 (default v2, what session_health points to)")
	f.BoolVar(&c.allowEmpty, "allow-empty", false, "let a gate over nothing pass")
}

// seconds is a duration as a flag: 10s, 2m, or a bare number of seconds.
type seconds time.Duration

func (s *seconds) String() string {
	if *s == 0 {
		return ""
	}
	return time.Duration(*s).String()
}

func (s *seconds) Type() string { return "duration" }

func (s *seconds) Set(text string) error {
	if n, err := strconv.ParseFloat(text, 64); err == nil && n >= 0 && n < 1e9 {
		*s = seconds(n * float64(time.Second))
		return nil
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return errors.New("want a duration such as 10s or 2m")
	}
	*s = seconds(d)
	return nil
}

// homeDir is the home to look into.
func (c *common) homeDir(e *env) (string, error) {
	if c.home != "" {
		return filepath.Abs(c.home)
	}
	if h := e.getenv("HOME"); h != "" {
		return h, nil
	}
	return os.UserHomeDir()
}

// dbPath is the store file: the flag, the environment, or the user's data folder.
func (c *common) dbPath(e *env) (string, error) {
	if c.db != "" {
		return c.db, nil
	}
	if p := e.getenv("AGENTTRACE_DB"); p != "" {
		return p, nil
	}
	if dir := e.getenv("XDG_DATA_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "agenttrace", "agenttrace.duckdb"), nil
	}
	if dir := e.getenv("LocalAppData"); dir != "" {
		return filepath.Join(dir, "agenttrace", "agenttrace.duckdb"), nil
	}
	home := e.getenv("HOME")
	if home == "" {
		var err error
		if home, err = os.UserHomeDir(); err != nil {
			return "", err
		}
	}
	return filepath.Join(home, ".local", "share", "agenttrace", "agenttrace.duckdb"), nil
}

func (c *common) memoryLimit() (int64, error) {
	if c.memory == "" {
		return 0, nil
	}
	m := regexp.MustCompile(`(?i)^(\d+(?:\.\d+)?)\s*(kb|kib|mb|mib|gb|gib)?$`).FindStringSubmatch(c.memory)
	if m == nil {
		return 0, usagef("--memory %s: want a size such as 200MB or 1GB", c.memory)
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil {
		return 0, err
	}
	unit := map[string]float64{"": 1 << 20, "kb": 1e3, "kib": 1 << 10, "mb": 1e6, "mib": 1 << 20, "gb": 1e9, "gib": 1 << 30}
	return int64(n * unit[strings.ToLower(m[2])]), nil
}

// zone is the report zone.
func (c *common) zone() (*time.Location, error) {
	if c.tz == "" {
		return time.Local, nil
	}
	loc, err := time.LoadLocation(c.tz)
	if err != nil {
		return nil, usagef("--tz %s: unknown time zone", c.tz)
	}
	return loc, nil
}

func (c *common) contentMode() (ingest.Content, error) {
	switch c.content {
	case "", "preview":
		return ingest.ContentPreview, nil
	case "none":
		return ingest.ContentNone, nil
	case "full":
		return ingest.ContentFull, nil
	}
	return 0, usagef("--content %s: want full, preview or none", c.content)
}

// instant reads a date, a timestamp, or an age before now. A day begins and ends in the zone: since means
// its first moment, until the first moment after it.
func instant(flag, text string, zone *time.Location, now time.Time) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t, nil
		}
	}
	day := func(t time.Time, offset int) time.Time {
		if strings.HasSuffix(flag, "until") {
			offset++
		}
		y, m, d := t.In(zone).Date()
		return time.Date(y, m, d+offset, 0, 0, 0, 0, zone)
	}
	for _, layout := range []string{"2006-01-02", "20060102"} {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return day(t, 0), nil
		}
	}
	switch strings.ToLower(text) {
	case "today":
		return day(now, 0), nil
	case "yesterday":
		return day(now, -1), nil
	case "now":
		return now, nil
	}
	if m := regexp.MustCompile(`^(\d+)\s*(mo|m|h|d|w|y)$`).FindStringSubmatch(strings.ToLower(text)); m != nil {
		n, err := strconv.Atoi(m[1])
		if err == nil && n < 100000 {
			switch m[2] {
			case "m":
				return now.Add(-time.Duration(n) * time.Minute), nil
			case "h":
				return now.Add(-time.Duration(n) * time.Hour), nil
			case "d":
				return now.AddDate(0, 0, -n), nil
			case "w":
				return now.AddDate(0, 0, -7*n), nil
			case "mo":
				return now.AddDate(0, -n, 0), nil
			case "y":
				return now.AddDate(-n, 0, 0), nil
			}
		}
	}
	return time.Time{}, usagef("--%s %s: want a date (2026-01-31), a timestamp, or an age such as 7d, 24h, 2w, 3mo", flag, text)
}

// outputFormat is the format asked for, by flag or by the suffix of the output file.
func (c *common) outputFormat(deflt string, allowed ...string) (string, error) {
	format := c.format
	alias := map[string]string{"md": "markdown", "txt": "text", "ndjson": "jsonl", "htm": "html"}
	if format == "" && c.output != "" {
		if suffix := strings.TrimPrefix(strings.ToLower(filepath.Ext(c.output)), "."); suffix != "" {
			format = suffix
		}
	}
	if format == "" {
		return deflt, nil
	}
	if a, ok := alias[format]; ok {
		format = a
	}
	// People say text where rows are printed as a table, and table where a report is text.
	if format == "text" && !contains(allowed, "text") && contains(allowed, "table") {
		format = "table"
	}
	if format == "table" && !contains(allowed, "table") && contains(allowed, "text") {
		format = "text"
	}
	if !contains(allowed, format) {
		return "", usagef("format %s is not possible here; possible: %s", format, strings.Join(allowed, ", "))
	}
	return format, nil
}

func contains(list []string, s string) bool {
	for _, x := range list {
		if x == s {
			return true
		}
	}
	return false
}

// useColor decides for standard output.
func (c *common) useColor(e *env) (bool, error) {
	switch c.color {
	case "always":
		return true, nil
	case "never":
		return false, nil
	case "auto":
		return e.stdoutTTY && c.output == "" && e.getenv("NO_COLOR") == "" && e.getenv("TERM") != "dumb", nil
	}
	return false, usagef("--color %s: want auto, always or never", c.color)
}

// notice prints a line on stderr unless --quiet.
func (c *common) notice(e *env, format string, args ...any) {
	if !c.quiet {
		text := clean(fmt.Sprintf(format, args...))
		if !c.secrets {
			text = redact.Text(text)
		}
		fmt.Fprintln(e.stderr, "agenttrace: "+text)
	}
}
