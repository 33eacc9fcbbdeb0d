package cursor

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/agenttrace/agenttrace/ingest"
	"github.com/agenttrace/agenttrace/ingest/jscan"
	"github.com/agenttrace/agenttrace/ingest/sqlitedb"
	"github.com/agenttrace/agenttrace/ingest/trace"
	"github.com/agenttrace/agenttrace/schema"
)

// Editor reads the databases of the editor: the conversations of the global one, those that versions of
// 2024 kept in one value of each workspace, and the chats from before. Its zero value is ready for use.
//
// The database holds secrets beside them: only the keys named here are ever selected.
type Editor struct{}

const (
	composerPrefix = "composerData:"
	bubblePrefix   = "bubbleId:"
	composersKey   = "composer.composerData"
)

// chatKeys hold the chats from before there were composers.
var chatKeys = []string{"workbench.panel.aichat.view.aichat.chatdata", "workbench.panel.chat.view.chat.chatdata"}

// Format describes Cursor's editor.
func (Editor) Format() ingest.Format {
	return ingest.Format{Agent: agent, Parser: "cursor-editor", Title: "Cursor", Version: 2, StoreKind: "sqlite", Roots: editorRoots}
}

// editorRoots are the folders of the user's data, of all systems.
func editorRoots(env ingest.Env) []ingest.Root {
	var out []ingest.Root
	add := func(why string, parts ...string) {
		if filepath.IsAbs(parts[0]) {
			out = append(out, ingest.Root{Path: filepath.Join(parts...), Why: why, Want: wantEditor, Skip: skipEditor})
		}
	}
	if dir := env.Getenv("XDG_CONFIG_HOME"); dir != "" {
		add("XDG_CONFIG_HOME", dir, "Cursor", "User")
	} else if env.Home != "" {
		add("default", env.Home, ".config", "Cursor", "User")
	}
	if env.Home != "" {
		add("default", env.Home, "Library", "Application Support", "Cursor", "User")
		add("default", env.Home, ".cursor-server", "data", "User")
	}
	if dir := env.Getenv("APPDATA"); dir != "" {
		add("default", dir, "Cursor", "User")
	}
	return out
}

func wantEditor(rel string) bool { return strings.HasSuffix(rel, "/state.vscdb") }

// skipEditor enters the global storage itself, and the folders of workspaces.
func skipEditor(rel string) bool {
	parts := strings.Split(rel, "/")
	switch parts[0] {
	case "globalStorage":
		return len(parts) > 1
	case "workspaceStorage":
		return len(parts) > 2
	}
	return true
}

// Match takes no files: databases are told by their tables.
func (Editor) Match(string, []byte) ingest.Match { return ingest.Match{} }

// MatchDatabase knows the tables of the editor, and its keys where another editor has the same tables.
func (Editor) MatchDatabase(_ string, db *sqlitedb.DB) ingest.Match {
	if db.Has("cursorDiskKV", "key", "value") {
		return ingest.Match{Verdict: ingest.Sure}
	}
	if !db.Has("ItemTable", "key", "value") {
		return ingest.Match{}
	}
	q := db.Query(context.Background(), `SELECT 1 FROM ItemTable WHERE key >= 'aiService.' AND key < 'aiService/' OR key >= 'composer.' AND key < 'composer/'
		OR key >= 'cursorAuth/' AND key < 'cursorAuth0' OR key >= 'workbench.panel.aichat' AND key < 'workbench.panel.aichau' LIMIT 1`)
	found := q.Next()
	if q.Close() == nil && found {
		return ingest.Match{Verdict: ingest.Sure}
	}
	return ingest.Match{Verdict: ingest.NotSession, Reason: "settings of an editor, and none of Cursor's"}
}

// Sessions lists the conversations that hold anything. One with keys of its own is marked by the size of its
// description and by its messages, which get a new row when they are written again; one inside a value by
// its text.
func (Editor) Sessions(ctx context.Context, db *sqlitedb.DB, list func(ingest.DatabaseSession) error) error {
	seen := map[string]bool{}
	if db.Has("cursorDiskKV") {
		above, err := parents(ctx, db)
		if err != nil {
			return err
		}
		q := db.Query(ctx, `SELECT substr(key, 14) AS id, rowid || ' ' || octet_length(value),
			(SELECT count(*) || ' ' || max(rowid) FROM cursorDiskKV AS b WHERE b.key >= 'bubbleId:' || substr(c.key, 14) || ':' AND b.key < 'bubbleId:' || substr(c.key, 14) || ';')
			FROM cursorDiskKV AS c WHERE key >= 'composerData:' AND key < 'composerData;' AND octet_length(value) > 2`)
		for q.Next() {
			id := q.Str(0)
			if strings.Contains(id, "\n") || strings.HasPrefix(id, "task-") {
				continue // a part of a call of a tool
			}
			if q.Str(2) == "0 " || q.Null(2) {
				// Without messages of its own it may hold them inside.
				o, err := composer(ctx, db, id)
				if err != nil {
					q.Close()
					return err
				}
				if trace.ObjectOf(o.Raw("conversation")).Len() == 0 && !hasElements(o.Raw("conversation")) {
					continue
				}
			}
			seen[id] = true
			if err := list(ingest.DatabaseSession{ID: id, Mark: q.Str(1) + "/" + q.Str(2) + "/" + above[id]}); err != nil {
				q.Close()
				return err
			}
		}
		if err := q.Close(); err != nil {
			return err
		}
	}
	return inside(itemsOf(ctx, db), func(id string, o trace.Object, _ bool) error {
		if seen[id] {
			return nil
		}
		seen[id] = true
		return list(ingest.DatabaseSession{ID: id, Mark: fmt.Sprintf("%016x", uint64(schema.HashBytes(o.Source()))),
			UpdatedAt: trace.Instant(o.First("lastUpdatedAt", "lastSendTime", "createdAt"))})
	})
}

func hasElements(raw []byte) bool {
	for range trace.Elems(raw) {
		return true
	}
	return false
}

// composer is the description of a conversation with keys of its own.
func composer(ctx context.Context, db *sqlitedb.DB, id string) (trace.Object, error) {
	data, err := value(ctx, db, "cursorDiskKV", composerPrefix+id)
	return trace.ObjectOf(data), err
}

// value is the value of a key; nil where there is none, or one that is no text.
func value(ctx context.Context, db *sqlitedb.DB, table, key string) ([]byte, error) {
	if !db.Has(table) {
		return nil, nil
	}
	q := db.Query(ctx, "SELECT "+db.Cell(table, "value")+" FROM "+table+" WHERE key = ?", key)
	var data []byte
	if q.Next() && !q.Oversized(0) {
		data = q.Text(0)
	}
	return data, q.Close()
}

// itemsOf gives the values of the editor's settings.
func itemsOf(ctx context.Context, db *sqlitedb.DB) func(key string) ([]byte, error) {
	return func(key string) ([]byte, error) { return value(ctx, db, "ItemTable", key) }
}

// parents finds the conversations that others began: sub-agents, and attempts of which the best was kept.
func parents(ctx context.Context, db *sqlitedb.DB) (map[string]string, error) {
	found, err := db.Memo("cursor: parents", func() (any, error) {
		all := map[string]string{}
		q := db.Query(ctx, `SELECT substr(c.key, 14), child.value
			FROM (SELECT key, CAST(value AS TEXT) AS value FROM cursorDiskKV WHERE key >= 'composerData:' AND key < 'composerData;'
				AND (instr(value, '"subagentComposerIds"') > 0 OR instr(value, '"subComposerIds"') > 0)) AS c,
				(SELECT 'subagentComposerIds' AS name UNION ALL SELECT 'subComposerIds') AS list,
				json_each(CASE WHEN json_valid(c.value) THEN json_extract(c.value, '$.' || list.name) ELSE '[]' END) AS child
			WHERE child.type = 'text'`)
		for q.Next() {
			if parent, child := q.Str(0), q.Str(1); parent != child && all[child] == "" {
				all[child] = parent
			}
		}
		return all, q.Close()
	})
	if err != nil {
		return nil, err
	}
	return found.(map[string]string), nil
}

// inside lists the conversations that are elements of one value.
func inside(get func(key string) ([]byte, error), take func(id string, o trace.Object, chat bool) error) error {
	data, err := get(composersKey)
	if err != nil {
		return err
	}
	heads := data
	if trace.Kind(data) == jscan.Object {
		heads = trace.ObjectOf(data).Raw("allComposers")
	}
	for e := range trace.Elems(heads) {
		o := trace.ObjectOf(e)
		if id := o.Str("composerId"); id != "" && hasElements(o.Raw("conversation")) {
			if err := take(id, o, false); err != nil {
				return err
			}
		}
	}
	for _, key := range chatKeys {
		data, err := get(key)
		if err != nil {
			return err
		}
		for e := range trace.Elems(trace.ObjectOf(data).First("tabs", "chatSessions")) {
			o := trace.ObjectOf(e)
			if id := trace.Str(o.First("tabId", "id")); id != "" && hasElements(o.First("bubbles", "messages")) {
				if err := take(id, o, true); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
