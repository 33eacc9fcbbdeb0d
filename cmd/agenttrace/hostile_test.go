//go:build unix

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestHostileFolder: what no agent writes, found where agents write. The run ends, says what it could not read,
// and reads the rest.
func TestHostileFolder(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	if err := unpackDemo(home); err != nil {
		t.Fatal(err)
	}
	home = filepath.Join(home, "demo")
	dir := filepath.Join(home, ".claude", "projects", "-hostile")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	// A record that is right, to hide what is not behind it.
	record := func(id, content string) string {
		return `{"parentUuid":null,"isSidechain":false,"userType":"external","cwd":"/w","sessionId":"` + id + `","version":"2.1.280","type":"user","message":{"role":"user","content":` + content + `},"uuid":"u-` + id + `","timestamp":"2026-09-01T08:00:00.000Z"}` + "\n"
	}
	for i, text := range []string{
		strings.Repeat("x", 3<<20),          // one endless line
		strings.Repeat("[", 1<<20),          // nothing but depth
		strings.Repeat(`{"type":`, 1<<17),   //
		strings.Repeat("\x00", 1<<20),       // holes
		"\xff\xfe\xfd" + record("x", `"x"`), // no UTF-8
		strings.Replace(record("y", `"x"`), `"version"`, `"version":"1","version"`, 1), // a key twice
		record("z", `"\ud800 lone \udfff"`),                                            // halves of characters
		strings.Replace(record("n", `"x"`), "2026-09-01", "99999-99-99", 1),
		strings.Replace(record("o", `"x"`), `"2.1.280"`, strings.Repeat("9", 4000), 1),
		record("p", `"ok"`) + "\x00\x00\x00" + record("p", strings.Repeat("[", 200000)),
		record("q", `[{"type":"tool_result","tool_use_id":"t","content":1e999999}]`),
		"\x28\xb5\x2f\xfd" + strings.Repeat("\x01", 4000), // begins as zstd does
		"PK\x03\x04" + strings.Repeat("\x02", 4000),       // and as zip does
		"",
	} {
		if err := os.WriteFile(filepath.Join(dir, string(rune('a'+i))+".jsonl"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	names := []string{"new\nline.jsonl", "esc\x1b[31mape.jsonl", "bad\xff.jsonl", "quote'\".jsonl", "-rf.jsonl"}
	for _, name := range names {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("no log\n"), 0o600); err != nil && !strings.Contains(err.Error(), "illegal byte") {
			t.Fatal(err)
		}
	}
	for i := range 300 { // many that are tiny
		sub := filepath.Join(dir, "many", string(rune('a'+i%26)))
		os.MkdirAll(sub, 0o700)
		os.WriteFile(filepath.Join(sub, strings.Repeat("n", 1+i/26)+".jsonl"), []byte("{}\n"), 0o600)
	}
	for link, to := range map[string]string{"loop": ".", "up": "..", "self": "self", "dead": "nowhere.jsonl", "null.jsonl": "/dev/null", "zero.jsonl": "/dev/zero"} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe.jsonl"), 0o600); err != nil {
		t.Skip(err)
	}
	db := filepath.Join(t.TempDir(), "s.duckdb")
	out, errs, code := agenttrace(t, home, "ingest", "--db", db, "--home", home, "-f", "json")
	if code != 0 {
		t.Fatalf("code %d: %s", code, errs)
	}
	if !json.Valid([]byte(out)) {
		t.Error("the summary is no JSON")
	}
	got := strings.Join(ask(t, db, "SELECT count(*) FROM sessions_v1 WHERE agent = 'codex'"), "")
	if got != "2" {
		t.Errorf("%s of 2 sessions of the other agent were read", got)
	}
	if ask(t, db, "SELECT count(*) FROM raw.problems JOIN raw.sources USING (source_id) WHERE path LIKE '%-hostile%'")[0] == "0" {
		t.Error("no problem was noted")
	}
	for _, format := range []string{"text", "markdown", "json", "html"} {
		out, errs, code := agenttrace(t, home, "doctor", "--db", db, "--home", home, "-f", format)
		if code != 0 {
			t.Fatalf("doctor -f %s: %d: %s", format, code, errs)
		}
		if i := bytes.IndexAny([]byte(out+errs), "\x1b\x00\x07\u009b"); i >= 0 && format != "html" {
			t.Errorf("doctor -f %s prints a control character: %q", format, (out + errs)[max(0, i-30):i+1])
		}
	}
}
