package trace

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/agenttrace/agenttrace/schema"
)

func TestObject(t *testing.T) {
	o := ObjectOf([]byte(`{"a":1,"b":{"c":["x",{"d":null}]},"a":2,"Some-Name":"y"}`))
	if o.Cut || o.Len() != 4 {
		t.Errorf("cut %v, %d members", o.Cut, o.Len())
	}
	if v := o.Int("a"); v.V != 2 {
		t.Errorf("of two members of one name the last counts, got %v", v)
	}
	if v := Str(o.Find("some_name", "somename")); v != "y" {
		t.Errorf("folded name: %q", v)
	}
	var got []string
	for e, whole := range Elems(o.At("b", "c")) {
		got = append(got, fmt.Sprintf("%s %v", e, whole))
	}
	if want := `"x" true|{"d":null} true`; strings.Join(got, "|") != want {
		t.Errorf("elements %q", got)
	}
	if ObjectOf([]byte(`[1]`)).Len() != 0 || ObjectOf(nil).Len() != 0 {
		t.Error("what is no object has no members")
	}
}

// TestCut reads what stands before the place where a text ends.
func TestCut(t *testing.T) {
	o := ObjectOf([]byte(`{"a":"x","list":[{"n":1},{"n":2,"text":"cut of`))
	if !o.Cut || o.Str("a") != "x" {
		t.Errorf("cut %v, a %q", o.Cut, o.Str("a"))
	}
	whole, parts := 0, 0
	for e, ok := range Elems(o.Raw("list")) {
		if ok {
			whole++
		} else if ObjectOf(e).Int("n").V == 2 {
			parts++
		}
	}
	if whole != 1 || parts != 1 {
		t.Errorf("%d whole elements, %d parts of one", whole, parts)
	}
}

func TestValues(t *testing.T) {
	var got []string
	for v, whole := range Values([]byte("{\"a\":1}\n {\n\"b\":2}\n[3] {\"c\":")) {
		got = append(got, fmt.Sprintf("%s/%v", strings.ReplaceAll(string(v), "\n", ""), whole))
	}
	if want := `{"a":1}/true {"b":2}/true [3]/true {"c":/false`; strings.Join(got, " ") != want {
		t.Errorf("got %q", got)
	}
}

func TestPlain(t *testing.T) {
	for in, want := range map[string]string{
		`{"a":NaN,"b":[Infinity,-Infinity],"c":"NaN \" Infinity"}`: `{"a":null,"b":[null,null],"c":"NaN \" Infinity"}`,
		`{"a":1}`: `{"a":1}`,
	} {
		if got := string(Plain([]byte(in))); got != want {
			t.Errorf("%s: got %s", in, got)
		}
	}
}

func TestUnwrap(t *testing.T) {
	for in, want := range map[string]string{
		`"{\"a\":1}"`: `{"a":1}`, `"[1]"`: `[1]`, `"{no"`: `"{no"`, `"text"`: `"text"`, `{"a":1}`: `{"a":1}`, `3`: `3`,
	} {
		if got := string(Unwrap([]byte(in))); got != want {
			t.Errorf("%s: got %s", in, got)
		}
	}
}

func TestInstant(t *testing.T) {
	want := time.Date(2026, 5, 1, 10, 0, 0, 500_000_000, time.UTC)
	for _, in := range []string{
		`"2026-05-01T10:00:00.500Z"`, `"2026-05-01T12:00:00.5+02:00"`, `"2026-05-01T10:00:00.500000"`, `"2026-05-01 10:00:00.500"`,
		`1777629600.5`, `1777629600500`, `"1777629600500"`, `1777629600500000`, `"1777629600500000000"`, `[1777629600,500000000]`,
	} {
		if got := Instant([]byte(in)); got != schema.InstantOf(want) {
			t.Errorf("%s: got %v", in, got.Time())
		}
	}
	for _, in := range []string{`null`, `"soon"`, `0`, `-5`, `12`, `{}`, `[1,2,3]`, `1e40`, `"99999999999999999999999"`} {
		if got := Instant([]byte(in)); got != 0 {
			t.Errorf("%s: got %v", in, got.Time())
		}
	}
}

// TestUsage brings the counters of many programs to five disjoint ones: uncached, read, written for
// five minutes, for an hour, output, reasoning; -1 is unknown.
func TestUsage(t *testing.T) {
	for in, want := range map[string][6]int64{
		// OpenAI: the cached part is inside the prompt, the reasoning inside the completion.
		`{"prompt_tokens":210,"completion_tokens":30,"total_tokens":240,"prompt_tokens_details":{"cached_tokens":128},"completion_tokens_details":{"reasoning_tokens":12}}`: {82, 128, -1, -1, 30, 12},
		`{"input_tokens":20,"input_tokens_details":{"cached_tokens":5},"output_tokens":7}`:                                                                                  {15, 5, -1, -1, 7, -1},
		// Anthropic: apart.
		`{"input_tokens":8,"cache_read_input_tokens":900,"cache_creation_input_tokens":40,"output_tokens":25}`:                                                                 {8, 900, 40, -1, 25, -1},
		`{"input_tokens":1000,"cache_read_input_tokens":10,"cache_creation_input_tokens":50,"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":30}}`: {1000, 10, 20, 30, -1, -1},
		// LiteLLM writes both spellings; then the prompt holds it all.
		`{"prompt_tokens":100,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":60},"cache_read_input_tokens":60,"cache_creation_input_tokens":10}`: {30, 60, 10, -1, 5, -1},
		// Gemini: thoughts beside the candidates.
		`{"promptTokenCount":100,"cachedContentTokenCount":40,"candidatesTokenCount":10,"thoughtsTokenCount":30,"totalTokenCount":140}`: {60, 40, -1, -1, 40, 30},
		// The total tells.
		`{"input":100,"cache":{"read":40,"write":0},"output":10,"total":110}`: {60, 40, 0, -1, 10, -1},
		`{"input":100,"cache":{"read":40,"write":0},"output":10,"total":150}`: {100, 40, 0, -1, 10, -1},
		`{"input":100,"output":300,"reasoning":120,"total":520}`:              {100, -1, -1, -1, 420, 120},
		// Nothing tells: what was not cached is unknown.
		`{"input":100,"cache_read_tokens":40,"output":10}`: {-1, 40, -1, -1, 10, -1},
		// An input smaller than the cached part cannot hold it.
		`{"inputTokens":10,"cacheReadTokens":40,"outputTokens":1}`: {10, 40, -1, -1, 1, -1},
		// DeepSeek counts hits and misses.
		`{"prompt_tokens":100,"prompt_cache_hit_tokens":60,"prompt_cache_miss_tokens":40,"completion_tokens":9,"total_tokens":109}`: {40, 60, -1, -1, 9, -1},
		// Numbers as text and with a point.
		`{"prompt_tokens":"12","completion_tokens":3.0}`: {12, -1, -1, -1, 3, -1},
		`{"prompt_tokens":null}`:                         {-1, -1, -1, -1, -1, -1},
	} {
		u := CountsOf(ObjectOf([]byte(in))).Usage(ByFigures)
		got := [6]int64{}
		for i, c := range []schema.Int{u.UncachedInput, u.CacheRead, u.CacheCreation5m, u.CacheCreation1h, u.Output, u.Reasoning} {
			if got[i] = c.V; !c.Valid {
				got[i] = -1
			}
		}
		if got != want {
			t.Errorf("%s:\n got %v\nwant %v", in, got, want)
		}
	}
}

// TestMessage reads messages in the shapes of several providers.
func TestMessage(t *testing.T) {
	for in, want := range map[string]string{
		`{"role":"user","content":"hi"}`: `user text=hi`,
		`{"role":"developer","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]}`: "system text=a\nb",
		`{"from":"gpt","value":"x"}`: `assistant text=x`,
		`{"role":"assistant","content":null,"tool_calls":[{"id":"c","type":"function","function":{"name":"sh","arguments":"{}"}}]}`:               `assistant call=sh/c`,
		`{"role":"tool","tool_call_id":"c","content":"out"}`:                                                                                      `tool result=c/out/-`,
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"text","text":"no"}],"is_error":true}]}`:            `tool result=t/no/failed`,
		`{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":"ok"}]}`:                                                     `tool result=t/ok/good`,
		`{"role":"assistant","content":[{"type":"thinking","thinking":"hm"},{"type":"redacted_thinking","data":"x"},{"type":"text","text":"a"}]}`: `assistant text=a thought=hm hidden=1`,
		`{"role":"model","parts":[{"functionCall":{"name":"f","args":{}}}]}`:                                                                      `assistant call=f/`,
		`{"role":"assistant","content":[{"toolUse":{"toolUseId":"b","name":"g","input":{}}}]}`:                                                    `assistant call=g/b`,
		`{"role":"assistant","parts":[{"type":"tool_call","id":"o","name":"h","arguments":{}}]}`:                                                  `assistant call=h/o`,
		`{"type":"function_call_output","call_id":"r","output":"y"}`:                                                                              `tool result=r/y/-`,
		`{"type":"ai","content":"z","tool_calls":[{"name":"k","args":{},"id":"l"}]}`:                                                              `assistant text=z call=k/l`,
		`{"lc":1,"id":["x","HumanMessage"],"kwargs":{"content":"q","type":"human"}}`:                                                              `user text=q`,
		`{"role":"narrator","content":"n"}`:                                                                                                       `narrator text=n`,
		`{"content":"nobody"}`:                                                                                                                    `none`,
	} {
		got := "none"
		if m, ok := MessageOf(ObjectOf([]byte(in))); ok {
			got = m.Role
			if m.HasText {
				got += " text=" + string(m.Text)
			}
			for _, r := range m.Reasoning {
				got += " thought=" + string(r)
			}
			if m.Hidden > 0 {
				got += fmt.Sprint(" hidden=", m.Hidden)
			}
			for _, c := range m.Calls {
				got += " call=" + c.Name + "/" + c.ID
			}
			for _, r := range m.Results {
				state := "-"
				switch {
				case r.Failed:
					state = "failed"
				case r.Stated:
					state = "good"
				}
				got += " result=" + r.ID + "/" + string(r.Text) + "/" + state
			}
		}
		if got != want {
			t.Errorf("%s:\n got %s\nwant %s", in, got, want)
		}
	}
}

func TestRemote(t *testing.T) {
	for in, want := range map[string]string{
		"https://user:secret@github.com/Ana/Shop.git": "github.com/ana/shop",
		"git@github.com:Ana/Shop.git":                 "github.com/ana/shop",
		"ssh://git@example.com:22/ana/shop":           "example.com/ana/shop",
		"/home/ana/shop":                              "",
		"":                                            "",
	} {
		if got := Remote(in); got != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}

// What spans hold until the end is bounded.
func TestKeep(t *testing.T) {
	spans := NewSpans(nil)
	spans.room = 10
	for _, c := range []struct {
		text string
		want bool
	}{{"12345678", true}, {"123", false}, {"12", true}, {"1", false}, {"", true}} {
		if spans.Keep([]byte(c.text)) != c.want {
			t.Errorf("Keep(%q) is not %v", c.text, c.want)
		}
	}
}
