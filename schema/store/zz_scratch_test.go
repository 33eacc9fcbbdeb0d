package store

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	sqlfiles "github.com/agenttrace/agenttrace/sql"
)

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(0, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func TestScratchDerive(t *testing.T) {
	ctx := context.Background()
	src := os.Getenv("DB")
	if out, err := exec.Command("cp", src, "/tmp/dq/derive.duckdb").CombinedOutput(); err != nil {
		t.Fatal(string(out))
	}
	s, err := Open(ctx, Options{Path: "/tmp/dq/derive.duckdb"})
	if err != nil {
		t.Fatal(err)
	}
	conn, _ := s.DB().Conn(ctx)
	if th := os.Getenv("TH"); th != "" {
		conn.ExecContext(ctx, "SET threads="+th)
	}
	b := time.Now()
	if err := InstallViews(ctx, conn); err != nil {
		t.Fatal(err)
	}
	fmt.Println("install", time.Since(b))
	set, _ := sqlfiles.Views()
	b = time.Now()
	MarkAllStale(ctx, conn, "facts")
	n, err := Derive(ctx, conn, "facts")
	fmt.Println("facts", n, time.Since(b), err)
	d := deriver{ctx: ctx, conn: conn, level: "findings", plan: planDerive(set, "findings")}
	MarkAllStale(ctx, conn, "findings")
	total := time.Now()
	ct := cpu()
	defer func() { fmt.Println("cpu all", cpu()-ct) }()
	if os.Getenv("STEPS") != "" {
		k, err := d.split()
		fmt.Println("split", k, time.Since(total), err)
		d.exec("USE agenttrace.core")
		d.exec("BEGIN")
		lim := ""
		if os.Getenv("ONE") != "" {
			lim = " LIMIT 1"
		}
		d.exec("INSERT INTO touched_sessions SELECT session_id FROM stale_batches" + lim)
		touched, _ := d.touched()
		for _, p := range d.plan {
			p.create = strings.ReplaceAll(p.create, touchedMark, touched)
			b := time.Now()
			c0 := cpu()
			for _, q := range strings.Split(p.create, ";\n") {
				b := time.Now()
				c0 := cpu()
				if err := d.exec(q); err != nil {
					t.Fatal(p.name, err)
				}
				fmt.Println("          ", q[:min(20, len(q))], time.Since(b).Round(time.Millisecond), "cpu", (cpu() - c0).Round(time.Millisecond))
			}
			fmt.Println("   ", p.name, time.Since(b).Round(time.Millisecond), "cpu", (cpu() - c0).Round(time.Millisecond))
		}
		b = time.Now()
		d.exec("COMMIT")
		fmt.Println("commit", time.Since(b))
		d.exec("USE agenttrace")
		fmt.Println("total", time.Since(total), "cpu", cpu()-ct)
	} else {
		n, err = Derive(ctx, conn, "findings")
		fmt.Println("findings", n, time.Since(total), err)
		for k := 0; k < 2; k++ {
			conn.ExecContext(ctx, "INSERT INTO raw.stale_sessions SELECT session_id, 'findings' FROM core.session_facts_v1 ORDER BY source_count DESC, session_id LIMIT 1")
			b = time.Now()
			n, err = Derive(ctx, conn, "findings")
			fmt.Println("one", n, time.Since(b), err)
		}
		b = time.Now()
		n, err = Derive(ctx, conn, "findings")
		fmt.Println("none", n, time.Since(b), err)
	}
	conn.Close()
	b = time.Now()
	s.Close()
	fmt.Println("close", time.Since(b))
	a, _ := os.Stat(src)
	c, _ := os.Stat("/tmp/dq/derive.duckdb")
	fmt.Println("size", a.Size(), c.Size())
}
