package agents

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/ingesttest"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
)

// TestOneDatabaseParserWins asks every parser of databases about every sample of one: the surest verdict
// must be that of the agent whose sample it is, and of it alone.
func TestOneDatabaseParserWins(t *testing.T) {
	root := filepath.Join("..", "..", "testdata")
	agents, err := os.ReadDir(root)
	if err != nil {
		t.Fatal(err)
	}
	samples := 0
	for _, agent := range agents {
		cases, err := os.ReadDir(filepath.Join(root, agent.Name()))
		if err != nil {
			continue
		}
		for _, c := range cases {
			if !c.IsDir() || c.Name() == "refused" {
				continue
			}
			rels, built := ingesttest.Databases(t, filepath.Join(root, agent.Name(), c.Name()))
			for i, rel := range rels {
				samples++
				db, err := sqlitedb.Open(context.Background(), built[i])
				if err != nil {
					t.Fatal(err)
				}
				best, verdict := []string(nil), ingest.Foreign
				for _, p := range All() {
					dp, ok := p.(ingest.DatabaseParser)
					if !ok {
						continue
					}
					m := dp.MatchDatabase("/home/ana/"+rel, db)
					if m.Verdict == ingest.NotSession && m.Reason == "" {
						t.Errorf("%s: %s refuses it without a reason", rel, p.Format().Agent)
					}
					if m.Verdict > verdict {
						best, verdict = nil, m.Verdict
					}
					if m.Verdict == verdict && verdict > ingest.Foreign {
						best = append(best, p.Format().Agent)
					}
				}
				db.Close()
				head, err := os.ReadFile(built[i])
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range All() {
					if m := p.Match("/home/ana/"+rel, head[:min(len(head), ingest.HeadSize)]); m.Verdict >= ingest.Weak {
						t.Errorf("%s: %s takes the database as a text", rel, p.Format().Name())
					}
				}
				if len(best) != 1 || best[0] != agent.Name() {
					t.Errorf("%s: taken by %v (verdict %d)", rel, best, verdict)
				}
			}
		}
	}
	t.Logf("%d databases", samples)
	if samples < 3 {
		t.Errorf("only %d databases", samples)
	}
}
