package jscan

import (
	"strings"
	"testing"
)

// texts are the contents of JSON strings as logs hold them: source code, prose, a document in a string.
var texts = map[string]string{
	"code":   strings.Repeat(`\tif err := load(\"cart\", id); err != nil {\n\t\treturn fmt.Errorf(\"cart %d: %w\", id, err)\n\t}\n`, 100),
	"lines":  strings.Repeat(`drwxr-xr-x  2 ana ana 4096 Sep 12 10:11 internal/catalog\n`, 200),
	"prose":  strings.Repeat(`The total is wrong because the discount is applied before the tax. `, 150),
	"nested": strings.Repeat(`total 48\\ndrwxr-xr-x  2 ana ana 4096 Sep 12 10:11 \\\"catalog\\\"\\n`, 200),
}

func BenchmarkUnquote(b *testing.B) {
	for name, s := range texts {
		b.Run(name, func(b *testing.B) {
			raw, dst := []byte(s), []byte(nil)
			b.SetBytes(int64(len(raw)))
			for b.Loop() {
				dst = Unquote(dst[:0], raw)
			}
		})
	}
}

func BenchmarkLen(b *testing.B) {
	for name, s := range texts {
		b.Run(name, func(b *testing.B) {
			t := Text{Raw: []byte(s), Escaped: true, Present: true}
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				t.Len()
			}
		})
	}
}

func BenchmarkText(b *testing.B) {
	for name, s := range texts {
		b.Run(name, func(b *testing.B) {
			line := []byte(`"` + s + `"`)
			b.SetBytes(int64(len(s)))
			var sc Scanner
			for b.Loop() {
				sc.Reset(line)
				sc.Text()
			}
		})
	}
	b.Run("short", func(b *testing.B) {
		line := []byte(`{"type":"user","uuid":"11111111-aaaa-4bbb-8ccc-000000000001","isMeta":false,"n":12,"o":{"a":["x"],"b":null},"cwd":"/home/ana/shop"}`)
		b.SetBytes(int64(len(line)))
		var sc Scanner
		for b.Loop() {
			sc.Reset(line)
			for sc.Object(); sc.Key(); {
				sc.Skip()
			}
		}
	})
}

func BenchmarkSkip(b *testing.B) {
	for name, s := range map[string]string{
		"flat":   `{"type":"text","id":"part_01","time":{"start":1757000000000,"end":1757000000100},"synthetic":false,"list":[1,2,3]}`,
		"pretty": "{\n      \"type\": \"text\",\n      \"id\": \"part_01\",\n      \"time\": {\n        \"start\": 1757000000000\n      },\n      \"synthetic\": false\n    }",
		"code":   `{"path":"a.go","content":"` + texts["code"] + `"}`,
	} {
		b.Run(name, func(b *testing.B) {
			raw := []byte("[" + strings.Repeat(s+",", 20) + s + "]")
			b.SetBytes(int64(len(raw)))
			var sc Scanner
			for b.Loop() {
				sc.Reset(raw)
				sc.Skip()
			}
		})
	}
}
