package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/creack/pty"
)

// TestShell runs testdata/shell/*.txt: what follows a prompt is typed, what stands below is answered.
func TestShell(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join("..", "..", "testdata", "shell", "*.txt"))
	if err != nil || len(files) == 0 {
		t.Fatal("no sessions", err)
	}
	home, db := sampleStore(t)
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			want, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "read.sql"), []byte(".mode csv\nselect 'from a file' as a;\n-- no end\nselect 2 as b"), 0o600); err != nil {
				t.Fatal(err)
			}
			var in []string
			for line := range strings.Lines(string(want)) {
				for _, p := range []string{prompt, promptMore} {
					if typed, ok := strings.CutPrefix(line, p); ok {
						in = append(in, strings.ReplaceAll(typed, "DIR", dir))
					}
				}
			}
			var out bytes.Buffer
			e := &env{
				stdin: strings.NewReader(""), stdout: &out, stderr: &out, stdinTTY: true, now: time.Now, ctx: context.Background(),
				getenv: func(name string) string { return map[string]string{"HOME": home}[name] },
			}
			o := sqlOptions{maxRows: 5}
			o.db, o.home, o.tz, o.color, o.noRefresh = db, home, "UTC", "never", true
			s, err := newShell(e, o, "table")
			if err != nil {
				t.Fatal(err)
			}
			defer s.close()
			lines := &keys{out: &out, lines: in}
			if err := s.loop(&plainLines{shell: s, in: lines, prompts: &out}); err != nil {
				t.Fatal(err)
			}
			got := regexp.MustCompile(`in [0-9.]+ ms`).ReplaceAllString(strings.ReplaceAll(out.String(), dir, "DIR"), "in N ms")
			if got = strings.TrimSpace(got); got != strings.TrimSpace(string(want)) {
				if os.Getenv("UPDATE_SHELL") != "" {
					os.WriteFile(file, []byte(got+"\n"), 0o644)
				}
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if s.d != nil {
				t.Error("the store is still open")
			}
		})
	}
}

// keys gives one line at a time, and shows it as a terminal does.
type keys struct {
	out   *bytes.Buffer
	lines []string
}

func (r *keys) Read(b []byte) (int, error) {
	if len(r.lines) == 0 {
		return 0, io.EOF
	}
	n := copy(b, r.lines[0])
	r.out.WriteString(r.lines[0])
	r.lines = r.lines[1:]
	return n, nil
}

// TestShellTerminal types into the real program on a pseudo terminal: completion, a query over two lines, one
// that is stopped, the way out.
func TestShellTerminal(t *testing.T) {
	t.Parallel()
	home, db := sampleStore(t)
	state := t.TempDir()
	cmd := exec.Command("agenttrace", "sql", "--db", db, "--no-refresh", "--home", home)
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_STATE_HOME="+state, "TERM=xterm-256color", "TZ=UTC", "PAGER=", "NO_COLOR=1")
	term, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 40, Cols: 100})
	if err != nil {
		t.Skip(err)
	}
	defer term.Close()
	screen := &screenText{}
	go screen.copy(term)
	await := func(text string) {
		t.Helper()
		if !screen.await(text, 30*time.Second) {
			cmd.Process.Kill()
			t.Fatalf("the screen never showed %q:\n%q", text, screen.String())
		}
	}
	press := func(keys string) {
		t.Helper()
		if _, err := term.WriteString(keys); err != nil {
			t.Fatal(err)
		}
	}
	// What is typed while the editor asks where the cursor is may be lost.
	enter := func(text string) {
		t.Helper()
		await(prompt)
		for range 10 {
			if press(text); screen.await(text[len(text)-8:], 2*time.Second) {
				return
			}
			press("\x15")
		}
		t.Fatalf("%q was never taken:\n%q", text, screen.String())
	}
	enter("select 'co' || 'dex' as word, count(*) as n")
	press("\rfrom tool_ki\t")
	await("tool_kinds")
	press(";\r")
	await("│ codex │")
	enter("select 'unfinished")
	press("\x03")
	await("^C")
	enter("select 'under' || 'way'; select count(*) from range(100000) a, range(100000000) b where a.range + b.range = 7;")
	press("\r")
	await("underway")
	await("1 row")
	press("\x03")
	await("cancelled")
	enter("select 'still' || 'here';")
	press("\r")
	await("stillhere")
	enter("select 1;")
	press("\x15\x04")
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ended with %v:\n%q", err, screen.String())
	}
	name := filepath.Join(state, "agenttrace", "sql_history")
	info, err := os.Stat(name)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Error("the history", info, err)
	}
	text, _ := os.ReadFile(name)
	if !strings.Contains(string(text), `count(*) as n\nfrom tool_kinds`) || strings.Contains(string(text), "unfi") {
		t.Errorf("the history has %s", text)
	}
}

func TestHistory(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "deep", "history")
	var h history
	if err := h.open(name); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"select 1;", "select 1;", " ", "select\n2;"} {
		if _, err := h.Write(text); err != nil {
			t.Fatal(err)
		}
	}
	os.Chmod(name, 0o644)
	var again history
	if err := again.open(name); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(again.lines, "|"); got != "select 1;|select\n2;" {
		t.Errorf("history %q", got)
	}
	if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
		t.Error(info, err)
	}
	if _, err := again.GetLine(2); err == nil {
		t.Error("a line that is not there")
	}
	if err := os.WriteFile(name, []byte(strings.Repeat("\"select 3;\"\nbroken\n", 3*maxHistory)), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var long history
		if err := long.open(name); err != nil || long.Len() != maxHistory {
			t.Error(long.Len(), err)
		}
	}
}

// screenText is what a terminal was told to show, without what moves its cursor.
type screenText struct {
	mu   sync.Mutex
	text []byte
}

var escapes = regexp.MustCompile(`\x1b\[[0-9;?]*[a-zA-Z]`)

// copy reads what the program shows, and answers its question where the cursor is, as terminals do.
func (s *screenText) copy(r io.ReadWriter) {
	b := make([]byte, 4096)
	for {
		n, err := r.Read(b)
		for range strings.Count(string(b[:n]), "\x1b[6n") {
			io.WriteString(r, "\x1b[3;13R")
		}
		s.mu.Lock()
		s.text = append(s.text, b[:n]...)
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func (s *screenText) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return escapes.ReplaceAllString(string(s.text), "")
}

// await waits until text is shown, and forgets what stood before.
func (s *screenText) await(text string, most time.Duration) bool {
	for end := time.Now().Add(most); time.Now().Before(end); {
		if now := s.String(); strings.Contains(now, text) {
			s.mu.Lock()
			s.text = []byte(now[strings.Index(now, text)+len(text):])
			s.mu.Unlock()
			return true
		}
		time.Sleep(20 * time.Millisecond)
	}
	return false
}
