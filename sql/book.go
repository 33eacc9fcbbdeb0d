package sqlfiles

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"
)

// pricesAsOf is the day up to which the sources of the price book were read.
const pricesAsOf = "2026-11-22"

// PriceBook names the version of the prices that the program is built with: the day they were gathered
// and a checksum. Two costs compare only if they were computed with the same one.
var PriceBook = sync.OnceValue(func() string {
	h := sha256.New()
	for _, name := range []string{"prices.csv", "model-aliases.csv"} {
		text, err := Data.ReadFile("data/" + name)
		if err != nil {
			panic(err) // the folder is embedded
		}
		h.Write(text)
	}
	return pricesAsOf + "-" + hex.EncodeToString(h.Sum(nil)[:4])
})
