package main

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agenttrace/agenttrace/queries"
	"github.com/agenttrace/agenttrace/queries/redact"
	"github.com/agenttrace/agenttrace/queries/render"
	"github.com/agenttrace/agenttrace/schema/store"
)

// priceSource is the public list of prices that prices update reads.
const priceSource = "https://raw.githubusercontent.com/BerriAI/litellm/main/model_prices_and_context_window.json"

// maxPriceSource bounds what is read from there.
const maxPriceSource = 64 << 20

type priceUpdateOptions struct {
	common
	from   string
	dryRun bool
}

func newPricesUpdateCommand(e *env) *cobra.Command {
	var o priceUpdateOptions
	cmd := &cobra.Command{
		Use:   "update",
		Short: "Prices of models that the book lacks, from a public list (uses the network)",
		Long: `Fetches a public list of prices, LiteLLM's, and compares it with the price book. This is the only command
that uses the network, and it sends nothing but the request. Models of your logs without a price get one, from
today on, in prices-fetched.csv in the folder of your configuration; calls of the 45 days before are priced by it
as estimates. Where the list differs from the book it is shown and nothing is changed: the book has dates, the
list has none. A row of your own prices.csv is how to follow it.`,
		Example: `  agenttrace prices update
  agenttrace prices update --dry-run --from model_prices.json

` + exitHelp,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, args []string) error { return runPricesUpdate(e, o) },
	}
	o.addStore(cmd.Flags())
	o.addOutput(cmd.Flags(), strings.Join(render.Formats, ", "))
	cmd.Flags().StringVar(&o.from, "from", priceSource, "URL or file to read instead")
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "show what would change, write nothing")
	return cmd
}

// A listedPrice is one entry of the list: USD per million tokens by column of the price book.
type listedPrice struct {
	provider string
	rates    map[string]string
}

// Columns of the price book and the fields of the list that hold them.
var listedFields = []struct{ column, field string }{
	{"input", "input_cost_per_token"}, {"output", "output_cost_per_token"}, {"cache_read", "cache_read_input_token_cost"},
	{"cache_write_5m", "cache_creation_input_token_cost"}, {"cache_write_1h", "cache_creation_input_token_cost_above_1hr"},
}

// Providers of the list that have another name in the book.
var listedProviders = map[string]string{"gemini": "google", "vertex_ai-language-models": "google", "dashscope": "alibaba"}

// parsePriceList reads the list. Entries without both main rates are left out, as are those of hosts that sell
// other makers' models.
func parsePriceList(text []byte) (map[string]listedPrice, error) {
	var entries map[string]map[string]any
	dec := json.NewDecoder(strings.NewReader(string(text)))
	dec.UseNumber() // rates are exact decimals
	if err := dec.Decode(&entries); err != nil {
		return nil, fmt.Errorf("no list of prices: %w", err)
	}
	out := map[string]listedPrice{}
	for name, entry := range entries {
		provider, _ := entry["litellm_provider"].(string)
		if p, ok := listedProviders[provider]; ok {
			provider = p
		}
		maker, model, hosted := strings.Cut(strings.ToLower(name), "/")
		if !hosted {
			model = maker
		}
		if strings.Contains(model, "/") || provider == "" || hosted && maker != strings.ToLower(fmt.Sprint(entry["litellm_provider"])) {
			continue
		}
		p := listedPrice{provider, map[string]string{}}
		for _, f := range listedFields {
			n, ok := entry[f.field].(json.Number)
			if !ok {
				continue
			}
			rate, ok := new(big.Rat).SetString(n.String())
			if !ok || rate.Sign() < 0 {
				continue
			}
			rate.Mul(rate, big.NewRat(1_000_000, 1))
			p.rates[f.column] = trimZeros(rate.FloatString(6))
		}
		if _, twice := out[model]; p.rates["input"] != "" && p.rates["output"] != "" && (!twice || !hosted) {
			out[model] = p
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no prices in this list")
	}
	return out, nil
}

func trimZeros(n string) string {
	if !strings.Contains(n, ".") {
		return n
	}
	return strings.TrimRight(strings.TrimRight(n, "0"), ".")
}

// readPriceList reads a file, or fetches a URL.
func readPriceList(e *env, from string) ([]byte, error) {
	if !strings.HasPrefix(from, "https://") && !strings.HasPrefix(from, "http://") {
		return os.ReadFile(from)
	}
	ctx, cancel := context.WithTimeout(e.ctx, time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, from, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, withHint(err, "prices update --from FILE reads a copy")
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s: %s", from, resp.Status)
	}
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxPriceSource+1))
	if err == nil && len(text) > maxPriceSource {
		err = fmt.Errorf("%s: larger than any list of prices", from)
	}
	return text, err
}

// A priceChange is one difference between the book and the list.
type priceChange struct {
	what, provider, model, column, book, list string
}

func runPricesUpdate(e *env, o priceUpdateOptions) error {
	format, err := o.outputFormat("table", render.Formats...)
	if err != nil {
		return err
	}
	if !strings.Contains(o.from, "://") {
		o.notice(e, "reading %s", o.from)
	} else {
		o.notice(e, "fetching %s: the one thing agenttrace does over the network", o.from)
	}
	text, err := readPriceList(e, o.from)
	if err != nil {
		return err
	}
	list, err := parsePriceList(text)
	if err != nil {
		return fmt.Errorf("%s: %w", o.from, err)
	}
	d, err := o.open(e, inputs{emptyOK: true}, trusted)
	if err != nil {
		return err
	}
	defer d.Close()
	conn, err := d.Session(e.ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	changes, err := comparePrices(e, conn, list)
	if err != nil {
		return err
	}
	added, err := missingPrices(e, conn, list)
	if err != nil {
		return err
	}
	if err := o.printChanges(e, format, append(added, changes...)); err != nil {
		return err
	}
	if len(changes) > 0 {
		o.notice(e, "%s from the book: nothing is changed; a row in %s follows the list", countOf(int64(len(changes)), "difference"), e.ownPricesFile())
	}
	return o.writeFetched(e, added, list)
}

// comparePrices holds the list against the prices of the book that hold now.
func comparePrices(e *env, conn queries.Querier, list map[string]listedPrice) ([]priceChange, error) {
	rows, err := conn.Query(e.ctx, `SELECT provider, model, input, output, cache_read, cache_write_5m, cache_write_1h FROM prices_v1
		WHERE effective_from <= $1 AND (effective_to IS NULL OR effective_to > $1) AND prompt_over IS NULL AND time_window IS NULL
		QUALIFY row_number() OVER (PARTITION BY provider, model ORDER BY is_own DESC, effective_from DESC) = 1 ORDER BY provider, model`, e.now())
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []priceChange
	for rows.Next() {
		v := rows.Values()
		provider, model := fmt.Sprint(v[0]), fmt.Sprint(v[1])
		listed, ok := list[model]
		if !ok || listed.provider != provider {
			continue
		}
		for i, f := range listedFields {
			rate, ok := listed.rates[f.column]
			if !ok || v[i+2] == nil {
				continue
			}
			if book := fmt.Sprint(v[i+2]); book != rate {
				out = append(out, priceChange{"differs", provider, model, f.column, book, rate})
			}
		}
	}
	return out, rows.Err()
}

// missingPrices are the models of the logs that have no price in the book and have one in the list.
func missingPrices(e *env, conn queries.Querier, list map[string]listedPrice) ([]priceChange, error) {
	names, err := column(e, conn, `SELECT DISTINCT lower(response_model) AS name FROM model_call_costs_v1
		WHERE cost_usd IS NULL AND price_model IS NULL AND response_model IS NOT NULL ORDER BY name`)
	if err != nil {
		return nil, err
	}
	var out []priceChange
	for _, name := range names {
		listed, ok := list[name]
		if !ok {
			continue
		}
		for _, f := range listedFields {
			if rate, ok := listed.rates[f.column]; ok {
				out = append(out, priceChange{"new", listed.provider, name, f.column, "", rate})
			}
		}
	}
	return out, nil
}

func (o *priceUpdateOptions) printChanges(e *env, format string, changes []priceChange) error {
	var rows [][]any
	for _, c := range changes {
		var book any
		if c.book != "" {
			book = c.book
		}
		rows = append(rows, []any{c.what, c.provider, c.model, c.column, book, c.list})
	}
	var columns []queries.Column
	for _, name := range []string{"change", "provider", "model", "rate", "book", "list"} {
		columns = append(columns, queries.Column{Name: name, Type: "VARCHAR"})
	}
	out, err := o.target(e)
	if err != nil {
		return err
	}
	if _, err := render.Write(out, queries.NewRows(columns, rows...), render.Options{Format: format, Redact: redact.Text}); err != nil {
		out.discard()
		return err
	}
	return out.commit()
}

// fetchedPricesFile is where prices update keeps what it found.
func (e *env) fetchedPricesFile() string {
	if dir := e.configDir(); dir != "" {
		return filepath.Join(dir, "prices-fetched.csv")
	}
	return ""
}

// writeFetched adds the new models to the file of fetched prices.
func (o *priceUpdateOptions) writeFetched(e *env, added []priceChange, list map[string]listedPrice) error {
	models := map[string]bool{}
	for _, c := range added {
		models[c.model] = true
	}
	var names []string
	for name := range models {
		names = append(names, name)
	}
	sort.Strings(names)
	name := e.fetchedPricesFile()
	switch {
	case len(names) == 0:
		o.notice(e, "no model of your logs that has no price is in the list; nothing is written")
		return nil
	case o.dryRun:
		o.notice(e, "%s would be added to %s", countOf(int64(len(names)), "model"), name)
		return nil
	case name == "":
		return errors.New("there is no folder for the configuration")
	}
	old, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	columns := []string{"provider", "model", "effective_from", "input", "output", "cache_read", "cache_write_5m", "cache_write_1h", "source", "confidence", "notes"}
	var text strings.Builder
	text.Write(old)
	w := csv.NewWriter(&text)
	if len(old) == 0 {
		w.Write(columns)
	}
	today := e.now().UTC().Format("2006-01-02")
	for _, model := range names {
		p := list[model]
		w.Write([]string{p.provider, model, today, p.rates["input"], p.rates["output"], p.rates["cache_read"], p.rates["cache_write_5m"], p.rates["cache_write_1h"], "litellm", "B", "fetched " + today})
	}
	w.Flush()
	if _, err := store.ParsePrices(name, []byte(text.String())); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return err
	}
	out, err := fileTarget(name)
	if err != nil {
		return err
	}
	if _, err := io.WriteString(out, text.String()); err != nil {
		out.discard()
		return err
	}
	if err := out.commit(); err != nil {
		return err
	}
	o.notice(e, "%s added to %s, from %s on; their calls of the 45 days before are priced by them as estimates, so past totals grow", countOf(int64(len(names)), "model"), name, today)
	return nil
}
