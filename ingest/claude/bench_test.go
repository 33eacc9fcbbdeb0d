package claude

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/schema"
)

// sample writes a session in the proportions of real ones: most of its bytes are results of tools, read
// files above all, and each stands in its record twice.
func sample(turns int) []byte {
	var b bytes.Buffer
	code := strings.Repeat(`\tif err := load(\"cart\", id); err != nil {\n\t\treturn fmt.Errorf(\"cart %d: %w\", id, err)\n\t}\n`, 60)
	tests := strings.Repeat(`=== RUN   TestCart\n--- PASS: TestCart (0.00s)\nok  \texample.com/shop/cart\t0.012s\n`, 60)
	prose := strings.Repeat("The total is wrong because the discount is applied before the tax. ", 8)
	n := 0
	line := func(typ, rest string) {
		n++
		fmt.Fprintf(&b, `{"parentUuid":"u-%d","isSidechain":false,"userType":"external","cwd":"/home/ana/shop","sessionId":"11111111-aaaa-4bbb-8ccc-000000000001","version":"2.1.280","gitBranch":"main","type":%q,%s,"uuid":"u-%d","timestamp":"2026-09-01T08:%02d:%02d.%03dZ"}`+"\n",
			n-1, typ, rest, n, n/60000%60, n/1000%60, n%1000)
	}
	answer := func(turn int, block string, stop string) {
		line("assistant", fmt.Sprintf(`"requestId":"req_%d","message":{"id":"msg_%d","type":"message","role":"assistant","model":"claude-sonnet-4-5-20250929","content":[%s],"stop_reason":%s,"usage":{"input_tokens":4,"cache_creation_input_tokens":900,"cache_read_input_tokens":40000,"cache_creation":{"ephemeral_5m_input_tokens":900,"ephemeral_1h_input_tokens":0},"output_tokens":%d,"service_tier":"standard"}}`,
			turn, turn, block, stop, len(block)))
	}
	for i := range turns {
		line("user", fmt.Sprintf(`"message":{"role":"user","content":%q}`, prose[:100]))
		answer(i, fmt.Sprintf(`{"type":"thinking","thinking":"","signature":%q}`, strings.Repeat("c2ln", 100)), "null")
		answer(i, fmt.Sprintf(`{"type":"text","text":%q}`, prose), "null")
		call, out, beside := `"name":"Read","input":{"file_path":"/home/ana/shop/cart.go"}`, code, `"type":"text","file":{"filePath":"/home/ana/shop/cart.go","numLines":180,"startLine":1,"totalLines":180,"content":"%s"}`
		if i%3 == 0 {
			call, out, beside = `"name":"Bash","input":{"command":"go test ./... 2>&1 | tail -50","description":"run the tests"}`, tests, `"stdout":"%s","stderr":"","interrupted":false,"isImage":false`
		}
		answer(i, fmt.Sprintf(`{"type":"tool_use","id":"toolu_%d",%s}`, i, call), `"tool_use"`)
		line("user", fmt.Sprintf(`"message":{"role":"user","content":[{"tool_use_id":"toolu_%d","type":"tool_result","content":"%s"}]},"toolUseResult":{`+beside+`}`, i, out, out))
	}
	return b.Bytes()
}

func BenchmarkParse(b *testing.B) {
	data := sample(500)
	p := New()
	var buf []byte
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		src := &ingest.Source{Path: "/home/ana/x.jsonl", Reader: bytes.NewReader(data), Buf: buf}
		if err := p.Parse(context.Background(), src, func(schema.Row) error { return nil }); err != nil {
			b.Fatal(err)
		}
		buf = src.Buf
	}
}

func BenchmarkMatch(b *testing.B) {
	data := sample(50)
	head := data[:min(len(data), ingest.HeadSize)]
	p := New()
	for b.Loop() {
		if p.Match("/home/ana/x.jsonl", head).Verdict != ingest.Sure {
			b.Fatal("not recognised")
		}
	}
}
