package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"sync"
	"sync/atomic"
	"time"

	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/schema"
)

// A Store takes the rows. The one in use keeps them in DuckDB.
type Store interface {
	// Sources lists every source ever read.
	Sources(ctx context.Context) ([]schema.Source, error)
	// Unsettled lists sources whose ingest was cut off before Finish.
	Unsettled(ctx context.Context) ([]int64, error)
	MachineID(ctx context.Context) (string, error)
	BeginImport(ctx context.Context, started time.Time, version string) (int64, error)
	EndImport(ctx context.Context, im *schema.Import) error
	SetSourceState(ctx context.Context, ids []int64, state, reason string) error
	MoveSource(ctx context.Context, id int64, path, fileID string) error
	// Forgotten lists the sessions that the user had removed: they are not taken in again.
	Forgotten(ctx context.Context) (map[schema.ID]struct{}, error)
	// Writer opens a writer for one goroutine.
	Writer(ctx context.Context) (Writer, error)
	// Finish brings the facts up to date after the touched sources changed; all says that every source
	// of the store is among them.
	Finish(ctx context.Context, touched []int64, all bool) error
}

// A Writer stores the rows of one source after the other.
type Writer interface {
	// Begin starts a source. With replace, the rows of an earlier reading give way once the source is saved,
	// and stay if it is discarded.
	Begin(ctx context.Context, sourceID int64, replace bool) error
	Write(schema.Row) error
	Discard(ctx context.Context) error
	SaveSource(ctx context.Context, src *schema.Source, known bool) error
	Commit(ctx context.Context) error
	Close() error
}

// Options say what to read.
type Options struct {
	Parsers []Parser
	Env     Env
	// Roots looks into the agents' own places.
	Roots bool
	// Paths are files and folders that the user named.
	Paths []string
	// Search, if set, was begun for these roots and paths.
	Search *Search
	// Agents, if not empty, keeps only these agents' sources.
	Agents []string
	// Full reads everything again.
	Full bool
	// Record writes a row of imports even when there is no work.
	Record  bool
	Content Content
	Workers int
	Version string
	Now     func() time.Time
	// Progress, if set, is called now and then from one goroutine.
	Progress func(Progress)
}

// Progress is how far a run is.
type Progress struct {
	Files, Bytes           int64 // done
	TotalFiles, TotalBytes int64 // to do
	Step                   string
}

// A Summary says what a run did.
type Summary struct {
	schema.Import
	Agents   []AgentSummary
	Places   []Place
	Refused  []Refusal
	Errors   []error // folders and files that could not be read
	Missing  int64   // sources newly found gone
	Moved    int64
	Seconds  float64
	Changed  bool // the store's facts changed
	Problems int64
}

// AgentSummary counts what was read of one agent in this run.
type AgentSummary struct {
	Agent                             string
	Files, Sessions                   int64
	Records, Unknown, Problems, Bytes int64
	Seconds                           float64 // of reading, summed over workers
}

// job is one file to read.
type job struct {
	Candidate
	sourceID int64
	known    *schema.Source // the row that this reading replaces, if any
	replace  bool           // rows of an earlier reading are there
}

// commitBytes is how many bytes of log go into one transaction: small enough to bound what the store
// holds back, large enough that commits do not count.
const commitBytes = 192 << 20

// Run finds what is new or changed and reads it.
func Run(ctx context.Context, store Store, o Options) (*Summary, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	r := &run{store: store, o: o, began: o.Now(), agents: map[string]*AgentSummary{}}
	return r.run(ctx)
}

type run struct {
	store    Store
	o        Options
	began    time.Time
	machine  string
	importID int64
	nextID   int64
	forgot   map[schema.ID]struct{} // sessions that are not taken in again
	sum      Summary

	mu        sync.Mutex
	agents    map[string]*AgentSummary
	touched   []int64
	untouched map[string]bool // databases that were not looked into
	listed    map[string]bool // databases whose sessions are among the candidates
	doneFiles atomic.Int64
	doneBytes atomic.Int64
}

func (r *run) run(ctx context.Context) (*Summary, error) {
	known, err := r.store.Sources(ctx)
	if err != nil {
		return nil, err
	}
	first := len(known) == 0
	known = r.local(known)
	candidates, places, errs := r.o.found()
	r.sum.Places, r.sum.Errors = places, errs
	r.sum.Seen = int64(len(candidates))
	if candidates, err = r.databases(ctx, candidates, known); err != nil {
		return nil, err
	}
	p, err := r.plan(candidates, known)
	if err != nil {
		return nil, err
	}
	unsettled, err := r.store.Unsettled(ctx)
	if err != nil {
		return nil, err
	}
	work := len(p.jobs) > 0 || len(p.missing) > 0 || len(p.moved) > 0 || len(p.replaced) > 0 || len(unsettled) > 0
	if work || r.o.Record {
		if r.importID, err = r.store.BeginImport(ctx, r.began, r.o.Version); err != nil {
			return nil, err
		}
	}
	if work {
		r.touched = append(r.touched, unsettled...)
		if err := r.apply(ctx, p); err != nil {
			return nil, err
		}
		r.step("sorting out copies")
		if err := r.store.Finish(ctx, r.touched, first); err != nil {
			return nil, err
		}
		r.sum.Changed = true
	}
	return r.end(ctx)
}

func (r *run) step(name string) {
	if r.o.Progress != nil {
		r.o.Progress(Progress{Files: r.doneFiles.Load(), Bytes: r.doneBytes.Load(), Step: name})
	}
}

// end completes the summary and the import's row.
func (r *run) end(ctx context.Context) (*Summary, error) {
	r.summarize()
	if r.importID != 0 {
		if err := r.store.EndImport(ctx, &r.sum.Import); err != nil {
			return nil, err
		}
	}
	return &r.sum, nil
}

func (r *run) summarize() {
	for _, a := range r.agents {
		r.sum.Agents = append(r.sum.Agents, *a)
		r.sum.Records += a.Records
		r.sum.UnknownRecords += a.Unknown
		r.sum.ReadBytes += a.Bytes
		r.sum.Problems += a.Problems
	}
	sort.Slice(r.sum.Agents, func(i, k int) bool { return r.sum.Agents[i].Agent < r.sum.Agents[k].Agent })
	sort.Slice(r.sum.Refused, func(i, k int) bool { return r.sum.Refused[i].Path < r.sum.Refused[k].Path })
	r.sum.Skipped = r.sum.Seen - r.sum.Read - r.sum.Failed
	r.sum.ImportID = r.importID
	r.sum.StartedAt, r.sum.EndedAt = schema.InstantOf(r.began), schema.InstantOf(r.o.Now())
	r.sum.Seconds = float64(r.sum.EndedAt-r.sum.StartedAt) / 1e6
	r.sum.ToolVersion = r.o.Version
	r.sum.Status = "ok"
	if r.sum.Failed > 0 || len(r.sum.Errors) > 0 {
		r.sum.Status = "partial"
	}
}

// A plan is what has to be done.
type plan struct {
	jobs     []job
	missing  []int64
	replaced []int64
	moved    []job
}

// local leaves out the sources that came from an export: their files are on another machine, or gone. New
// sources get numbers above all.
func (r *run) local(known []schema.Source) []schema.Source {
	out := known[:0]
	for _, k := range known {
		r.nextID = max(r.nextID, k.SourceID)
		if !k.Imported() {
			out = append(out, k)
		}
	}
	return out
}

// plan compares what is there with what the store knows.
func (r *run) plan(candidates []Candidate, known []schema.Source) (*plan, error) {
	var p plan
	byPath := make(map[string]*schema.Source, len(known))
	forgotten := false
	for i := range known {
		k := &known[i]
		forgotten = forgotten || k.State == schema.SourceForgotten
		if k.State != schema.SourceReplaced {
			byPath[k.Path] = k
		}
	}
	version := r.versions()
	seen := make(map[int64]bool, len(known))
	var fresh []Candidate
	for _, c := range candidates {
		k := byPath[c.key()]
		if k == nil && forgotten {
			k = byPath[ForgottenPath(c.key())]
		}
		if k == nil {
			fresh = append(fresh, c)
			continue
		}
		seen[k.SourceID] = true
		same := c.same(k)
		switch {
		case same && current(k, version) && !r.o.Full:
			if k.State == schema.SourceRefused {
				r.sum.Refused = append(r.sum.Refused, Refusal{c.Path, k.Agent, k.StateReason})
			}
		case k.State == schema.SourceRefused || k.State == schema.SourceForgotten || k.HeadHash == "":
			p.jobs = append(p.jobs, job{Candidate: c, sourceID: k.SourceID, known: k})
		case same || continues(c, k):
			p.jobs = append(p.jobs, job{Candidate: c, sourceID: k.SourceID, known: k, replace: true})
		default:
			// Another content under the same name: what the archive has of the old one stays.
			p.replaced = append(p.replaced, k.SourceID)
			p.jobs = append(p.jobs, job{Candidate: c})
		}
	}
	r.findMoved(&p, fresh, known, seen)
	for i := range known {
		k := &known[i]
		if seen[k.SourceID] || k.State != schema.SourcePresent && k.State != schema.SourceUnreadable {
			continue
		}
		if r.gone(k) {
			p.missing = append(p.missing, k.SourceID)
		}
	}
	for i := range p.jobs {
		if p.jobs[i].sourceID == 0 {
			r.nextID++
			p.jobs[i].sourceID = r.nextID
		}
	}
	largestFirst(p.jobs)
	return &p, nil
}

// findMoved tells files that only changed their name from new ones.
func (r *run) findMoved(p *plan, fresh []Candidate, known []schema.Source, seen map[int64]bool) {
	byFile := map[string]*schema.Source{}
	for i := range known {
		k := &known[i]
		if k.FileID == "" || seen[k.SourceID] || k.State == schema.SourceReplaced || k.State == schema.SourceRefused || k.State == schema.SourceForgotten {
			continue
		}
		if r.gone(k) {
			byFile[k.FileID] = k
		}
	}
	for _, c := range fresh {
		k := byFile[c.FileID]
		if k == nil || !continues(c, k) {
			p.jobs = append(p.jobs, job{Candidate: c})
			continue
		}
		delete(byFile, c.FileID)
		seen[k.SourceID] = true
		j := job{Candidate: c, sourceID: k.SourceID, known: k, replace: true}
		// The path is part of what parsers read, so the file is read again under its new name.
		p.moved = append(p.moved, j)
		p.jobs = append(p.jobs, j)
	}
}

// refusedVersion stands for the set of parsers: when it changes, refused files are asked about again.
func refusedVersion(version map[string]int32) int32 {
	var sum int32
	for _, v := range version {
		sum += 1000 + v
	}
	return sum
}

// apply notes what became of sources and reads the files.
func (r *run) apply(ctx context.Context, p *plan) error {
	if err := r.store.SetSourceState(ctx, p.missing, schema.SourceMissing, ""); err != nil {
		return err
	}
	if err := r.store.SetSourceState(ctx, p.replaced, schema.SourceReplaced, ""); err != nil {
		return err
	}
	for _, m := range p.moved {
		if err := r.store.MoveSource(ctx, m.sourceID, m.key(), m.FileID); err != nil {
			return err
		}
	}
	r.sum.Missing, r.sum.Moved = int64(len(p.missing)), int64(len(p.moved))
	if len(p.jobs) == 0 {
		return nil
	}
	var err error
	if r.machine, err = r.store.MachineID(ctx); err != nil {
		return err
	}
	if r.forgot, err = r.store.Forgotten(ctx); err != nil {
		return err
	}
	files, databases := apart(p.jobs)
	if err := r.readAll(ctx, files); err != nil {
		return err
	}
	return r.readAll(ctx, databases)
}

// readAll reads the jobs with several workers.
func (r *run) readAll(ctx context.Context, jobs []job) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := r.watch(jobs)
	defer stop()
	queue := make(chan *job, len(jobs))
	for i := range jobs {
		queue <- &jobs[i]
	}
	close(queue)
	var wg sync.WaitGroup
	for range min(r.o.Workers, len(jobs)) {
		wg.Add(1)
		go func() {
			defer wg.Done()
			if err := r.work(ctx, queue); err != nil {
				cancel(err)
			}
		}()
	}
	wg.Wait()
	return context.Cause(ctx)
}

// watch reports progress until stopped.
func (r *run) watch(jobs []job) (stop func()) {
	if r.o.Progress == nil {
		return func() {}
	}
	var total int64
	for i := range jobs {
		total += jobs[i].Size
	}
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		defer wg.Done()
		tick := time.NewTicker(100 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-done:
				return
			case <-tick.C:
				r.o.Progress(Progress{r.doneFiles.Load(), r.doneBytes.Load(), int64(len(jobs)), total, "reading"})
			}
		}
	}()
	return func() { close(done); wg.Wait() }
}

// work reads jobs until the queue is empty.
func (r *run) work(ctx context.Context, queue <-chan *job) (err error) {
	w, err := r.store.Writer(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	b := &reader{head: make([]byte, HeadSize)}
	defer b.close()
	var pending int64
	for j := range queue {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.read(ctx, w, j, b); err != nil {
			return err
		}
		r.doneFiles.Add(1)
		r.doneBytes.Add(j.Size)
		if pending += j.Size; pending >= commitBytes {
			if err := w.Commit(ctx); err != nil {
				return err
			}
			pending = 0
		}
	}
	return w.Commit(ctx)
}

// reader holds a worker's buffers.
type reader struct {
	head []byte
	buf  []byte
	dbs  []*sqlitedb.DB // those used last, for their other sessions
}

// read reads one file into w. Only errors of the store and of the context are returned: a file that
// cannot be read is noted, and the others go on.
func (r *run) read(ctx context.Context, w Writer, j *job, b *reader) error {
	began := time.Now()
	row := schema.Source{
		SourceID: j.sourceID, MachineID: r.machine, Agent: j.Agent, Path: j.key(), FileID: j.FileID, SizeBytes: j.Size,
		ModifiedAt: j.modified(), State: schema.SourcePresent, FirstImportID: r.importID, LastImportID: r.importID,
	}
	if j.known != nil {
		row.FirstImportID = j.known.FirstImportID
	}
	switch {
	case j.db != nil:
		return r.readDatabase(ctx, w, j, row)
	case j.part != nil:
		return r.readSession(ctx, w, j, row, b)
	}
	f, err := os.Open(j.Path)
	if err != nil {
		return r.failed(ctx, w, j, row, err)
	}
	defer f.Close()
	n, err := io.ReadFull(f, b.head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return r.failed(ctx, w, j, row, err)
	}
	head := b.head[:n]
	parser, refusal := detect(r.o.Parsers, j.Candidate, head)
	if refusal != nil {
		return r.refuse(ctx, w, j, row, refusal)
	}
	format := parser.Format()
	if !r.wanted(format.Agent) {
		return nil
	}
	row.Agent, row.StoreKind, row.Parser, row.ParserVersion = format.Agent, format.StoreKind, format.Name(), int32(format.Version)
	row.HeadHash = headHash(head)
	if err := w.Begin(ctx, j.sourceID, j.replace); err != nil {
		return err
	}
	src := &Source{
		Path: j.Path, Reader: io.MultiReader(bytes.NewReader(head), f), Content: r.o.Content, Buf: b.buf,
		ReadBeside: beside(j.Path), ListBeside: listBeside(j.Path),
		At: f, Size: j.Size,
	}
	rows := newRowSink(w, r.forgot)
	err = parser.Parse(ctx, src, rows.emit)
	b.buf = src.Buf
	if err == nil {
		rows.end()
	}
	if rows.storeErr != nil {
		return fmt.Errorf("%s: %w", j.Path, rows.storeErr)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		if err := w.Discard(ctx); err != nil {
			return err
		}
		return r.failed(ctx, w, j, row, err)
	}
	row.ParsedOffset, row.Records, row.UnknownRecords = src.ParsedOffset, src.Records, src.Unknown
	row.TailHash = tailHash(f, src.ParsedOffset)
	if rows.forgets() {
		return r.saveForgotten(ctx, w, j, row)
	}
	if err := w.SaveSource(ctx, &row, j.known != nil); err != nil {
		return err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.touched = append(r.touched, j.sourceID)
	r.sum.Read++
	a := r.agent(format.Agent)
	a.Files++
	a.Sessions += int64(len(rows.sessions))
	a.Records += src.Records
	a.Unknown += src.Unknown
	a.Problems += rows.problems
	a.Bytes += j.Size
	a.Seconds += time.Since(began).Seconds()
	return nil
}

func (r *run) wanted(agent string) bool {
	if len(r.o.Agents) == 0 {
		return true
	}
	for _, a := range r.o.Agents {
		if a == agent {
			return true
		}
	}
	return false
}

// failed notes a file that could not be read. What an earlier reading found stays.
func (r *run) failed(ctx context.Context, w Writer, j *job, row schema.Source, cause error) error {
	r.mu.Lock()
	r.sum.Failed++
	r.sum.Errors = append(r.sum.Errors, cause)
	r.mu.Unlock()
	if j.known != nil {
		row = *j.known
		row.Path = j.key()
	} else {
		row.StoreKind, row.Parser = "unknown", "none"
	}
	if row.Agent == "" {
		row.Agent = "unknown"
	}
	row.State, row.StateReason, row.LastImportID = schema.SourceUnreadable, reasonOf(cause), r.importID
	if err := w.Begin(ctx, j.sourceID, false); err != nil {
		return err
	}
	return w.SaveSource(ctx, &row, j.known != nil)
}

// reasonOf is the cause without the path, which has a column of its own.
func reasonOf(err error) string {
	var pe *os.PathError
	if errors.As(err, &pe) {
		return pe.Op + ": " + pe.Err.Error()
	}
	return err.Error()
}

// refuse notes a file that no parser takes, so that it is not opened again until it changes.
func (r *run) refuse(ctx context.Context, w Writer, j *job, row schema.Source, why *Refusal) error {
	r.mu.Lock()
	r.sum.Refused = append(r.sum.Refused, *why)
	r.mu.Unlock()
	if j.replace {
		// It was a session once: its rows stay, under the old reading.
		return r.failed(ctx, w, j, row, fmt.Errorf("no longer readable as a session: %s", why.Reason))
	}
	row.Agent, row.StoreKind, row.Parser = why.Agent, "unknown", "none"
	if row.Agent == "" {
		row.Agent = "unknown"
	}
	row.ParserVersion = refusedVersion(r.versions())
	row.State, row.StateReason = schema.SourceRefused, why.Reason
	if err := w.Begin(ctx, j.sourceID, false); err != nil {
		return err
	}
	return w.SaveSource(ctx, &row, j.known != nil)
}

// beside reads small files by their path relative to the folder of a source.
func beside(path string) func(rel string) ([]byte, error) {
	return func(rel string) ([]byte, error) {
		return readSmall(filepath.Join(filepath.Dir(path), filepath.FromSlash(rel)))
	}
}

// listBeside lists folders likewise.
func listBeside(path string) func(rel string) ([]string, error) {
	return func(rel string) ([]string, error) {
		return listNames(filepath.Join(filepath.Dir(path), filepath.FromSlash(rel)))
	}
}

// listNames lists the names in a folder, in order.
func listNames(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, err
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names, nil
}

// readSmall reads a side file of at most 1 MiB.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.New("not a regular file")
	}
	return io.ReadAll(io.LimitReader(f, 1<<20))
}

// Check reports whether Run would find work, without writing anything. The summary is that of a run that
// finds none.
func Check(ctx context.Context, store Store, o Options) (pending bool, sum *Summary, err error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	r := &run{store: store, o: o, began: o.Now(), agents: map[string]*AgentSummary{}}
	known, err := store.Sources(ctx)
	if err != nil {
		return false, nil, err
	}
	known = r.local(known)
	candidates, places, errs := o.found()
	r.sum.Places, r.sum.Errors, r.sum.Seen = places, errs, int64(len(candidates))
	if candidates, err = r.databases(ctx, candidates, known); err != nil {
		return false, nil, err
	}
	p, err := r.plan(candidates, known)
	if err != nil {
		return false, nil, err
	}
	unsettled, err := store.Unsettled(ctx)
	if err != nil {
		return false, nil, err
	}
	r.summarize()
	return len(p.jobs) > 0 || len(p.missing) > 0 || len(p.moved) > 0 || len(p.replaced) > 0 || len(unsettled) > 0, &r.sum, nil
}
