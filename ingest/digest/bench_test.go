package digest

import (
	"strings"
	"testing"

	"github.com/agenttrace/agenttrace/ingest/jscan"
)

func BenchmarkResultOf(b *testing.B) {
	for name, s := range map[string]string{
		"code":  strings.Repeat(`\tif err := load(\"cart\", id); err != nil {\n\t\treturn fmt.Errorf(\"cart %d: %w\", id, err)\n\t}\n`, 100),
		"lines": strings.Repeat(`drwxr-xr-x  2 ana ana 4096 Sep 12 10:11 internal/catalog\n`, 200),
		"prose": strings.Repeat(`The total is wrong because the discount is applied before the tax. `, 150),
		"tests": strings.Repeat(`--- PASS: TestCart (0.00s)\nok  \texample.com/shop/cart\t0.012s\n`, 150),
		"grep":  strings.Repeat(`internal/catalog/price.go:118:\tfunc (p *Price) Net() int64 { return p.v * 100 / 119 }\n`, 150),
	} {
		b.Run(name, func(b *testing.B) {
			t := jscan.Text{Raw: []byte(s), Escaped: true, Present: true}
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				Result(t)
			}
		})
	}
}
