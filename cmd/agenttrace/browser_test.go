package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

// hostileText is what a log might hold to be run, or to call home, once a person opens a report.
func hostileText(address string) string {
	return strings.Join([]string{
		`</script><script>document.title="OWNED"</script>`, `<img src="` + address + `/img" onerror="document.title='OWNED'">`,
		`<svg onload="document.title='OWNED'"><image href="` + address + `/svg"/></svg>`, `<style>body{background:url(` + address + `/css)}</style>`,
		`<link rel=stylesheet href=` + address + `/link>`, `<iframe src="` + address + `/frame"></iframe>`, `<meta http-equiv=refresh content="0;url=` + address + `/meta">`,
		`"><base href="` + address + `/">`, `<a href="javascript:document.title='OWNED'" autofocus onfocus="document.title='OWNED'">x</a>`, "\u202egnirts",
	}, " ")
}

// TestPagesInABrowser opens reports on a hostile session: nothing of it is run and nothing is fetched, while the
// page's own script does its work under the page's policy.
func TestPagesInABrowser(t *testing.T) {
	t.Parallel()
	var chromium string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			chromium = path
			break
		}
	}
	if chromium == "" {
		t.Skip("no Chromium")
	}
	var mu sync.Mutex
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.URL.Path)
	}))
	defer server.Close()

	dir := t.TempDir()
	line := func(second int, kind, payload string) string {
		return fmt.Sprintf(`{"timestamp":"2026-03-01T10:00:%02d.000Z","type":%q,"payload":%s}`+"\n", second, kind, payload)
	}
	hostile := strings.ReplaceAll(strings.ReplaceAll(hostileText(server.URL), `\`, `\\`), `"`, `\"`)
	log := line(0, "session_meta", `{"id":"0195f000-0000-7000-8000-000000000001","timestamp":"2026-03-01T10:00:00.000Z","cwd":"/home/ana/api","originator":"codex_cli_rs","cli_version":"0.118.0","source":"cli"}`) +
		line(1, "turn_context", `{"turn_id":"t1","cwd":"/home/ana/api","model":"gpt-5"}`) +
		line(2, "event_msg", `{"type":"user_message","message":"`+hostile+`"}`) +
		line(5, "response_item", `{"type":"function_call","name":"shell","call_id":"c1","arguments":"{\"command\":[\"bash\",\"-lc\",\"cat x\"]}"}`) +
		line(9, "response_item", `{"type":"function_call_output","call_id":"c1","output":"{\"output\":\"`+strings.ReplaceAll(hostile, `\"`, `\\\"`)+`\",\"metadata\":{\"exit_code\":1}}"}`) +
		line(20, "event_msg", `{"type":"agent_message","message":"`+hostile+`"}`)
	file := filepath.Join(dir, "rollout-2026-03-01T10-00-00-0195f000-0000-7000-8000-000000000001.jsonl")
	if err := os.WriteFile(file, []byte(log), 0o600); err != nil {
		t.Fatal(err)
	}
	pages := map[string]string{}
	for name, args := range map[string][]string{
		"session": {file}, "trend": {"trend", "-d", dir, "--until", "2026-03-02", "--since", "2026-02-20"},
	} {
		pages[name] = filepath.Join(dir, name+".html")
		if _, stderr, code := agenttrace(t, dir, append(args, "-o", pages[name])...); code != exitOK {
			t.Fatalf("%s: exit code %d: %s", name, code, stderr)
		}
	}
	for name, page := range pages {
		dom, complaints := dumpDOM(t, chromium, page)
		for what, is := range map[string]bool{
			"it ran":                  !strings.Contains(dom, "<title>agenttrace") || strings.Contains(dom, "<title>OWNED"),
			"it became an image":      strings.Contains(dom, "<img") || strings.Contains(dom, "<iframe"),
			"the charts are missing":  !strings.Contains(dom, "<canvas"),
			"the button has no name":  !strings.Contains(dom, "Switch to the dark theme") && !strings.Contains(dom, "Switch to the light theme"),
			"a rule was broken":       strings.Contains(complaints, "Content Security Policy"),
			"the page's script fails": strings.Contains(complaints, "Uncaught"),
		} {
			if is {
				t.Errorf("%s: %s\n%s", name, what, complaints)
			}
		}
	}
	text, err := os.ReadFile(pages["session"])
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "&lt;img src=") {
		t.Error("the hostile text is not on the page")
	}
	// Were the escaping to fail, the policy would still hold.
	raw := `<main id="report"><script>document.title="OWNED"</script><img src="` + server.URL + `/img" onerror="document.title='OWNED'"><style>body{background:url(` + server.URL + `/css)}</style><iframe src="` +
		server.URL + `/frame"></iframe><link rel=stylesheet href="` + server.URL + `/link">`
	let := filepath.Join(dir, "let-in.html")
	if err := os.WriteFile(let, []byte(strings.Replace(string(text), `<main id="report">`, raw, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	if dom, complaints := dumpDOM(t, chromium, let); strings.Contains(dom, "<title>OWNED") || !strings.Contains(dom, "onerror=") || !strings.Contains(complaints, "Content Security Policy") {
		t.Errorf("the policy does not hold:\n%s", complaints)
	}
	heard := func() []string {
		mu.Lock()
		defer mu.Unlock()
		return asked
	}
	if got := heard(); len(got) > 0 {
		t.Errorf("the pages asked for %q", got)
	}
	// Without the policy the same does call home: that nothing was heard proves something.
	naked := filepath.Join(dir, "naked.html")
	if err := os.WriteFile(naked, []byte("<!doctype html><title>x</title>"+raw), 0o600); err != nil {
		t.Fatal(err)
	}
	if dom, _ := dumpDOM(t, chromium, naked); len(heard()) == 0 || !strings.Contains(dom, "<title>OWNED") {
		t.Errorf("without the policy: asked for %q, and became %.200s", heard(), dom)
	}
}

// dumpDOM opens a page without a window and returns what became of it, and what was said on the console.
func dumpDOM(t *testing.T, chromium, page string) (dom, complaints string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	address := url.URL{Scheme: "file", Path: page}
	cmd := exec.CommandContext(ctx, chromium, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
		"--disable-component-update", "--disable-sync", "--enable-logging=stderr", "--v=0", "--window-size=1000,800", "--user-data-dir="+t.TempDir(), "--dump-dom", address.String())
	cmd.WaitDelay = 5 * time.Second
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, stderr.String())
	}
	for _, l := range strings.Split(stderr.String(), "\n") {
		if strings.Contains(l, "CONSOLE") {
			complaints += l + "\n"
		}
	}
	return string(out), complaints
}
