package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestReadPriceList(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/list.json" {
			http.NotFound(w, r)
			return
		}
		w.Write([]byte(`{"gemini/some-model": {"litellm_provider": "gemini", "input_cost_per_token": 0.0000025, "output_cost_per_token": 1e-05, "cache_read_input_token_cost": 3.125e-07},
			"azure/some-other": {"litellm_provider": "openai", "input_cost_per_token": 1, "output_cost_per_token": 1}}`))
	}))
	defer server.Close()
	e := &env{ctx: context.Background()}
	text, err := readPriceList(e, server.URL+"/list.json")
	if err != nil {
		t.Fatal(err)
	}
	list, err := parsePriceList(text)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	got := list["some-model"]
	if got.provider != "google" || got.rates["input"] != "2.5" || got.rates["output"] != "10" || got.rates["cache_read"] != "0.3125" || len(got.rates) != 3 {
		t.Error(got)
	}
	if _, err := readPriceList(e, server.URL+"/gone.json"); err == nil || !strings.Contains(err.Error(), "404") {
		t.Error(err)
	}
}
