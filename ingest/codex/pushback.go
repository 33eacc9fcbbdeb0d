package codex

import (
	"unicode"
	"unicode/utf8"
)

// openings are how a prompt begins that corrects what went before, in lower case. A weak lexical sign.
var openings = [...]string{
	"no", "nope", "stop", "wrong", "undo", "revert", "roll back", "rollback", "don't", "do not", "not what",
	"that's not", "that is not", "that's wrong", "that is wrong", "this is wrong", "you forgot", "you missed",
	"you broke", "still fails", "still failing", "still broken", "still not", "still doesn't", "it still",
	"doesn't work", "does not work", "didn't work", "that didn't", "why did you", "i said", "i told you",
	"nein", "falsch", "stopp", "das ist falsch", "immer noch", "geht nicht", "du hast vergessen",
	"non", "arrête", "faux", "ça ne marche", "toujours pas", "tu as oublié",
	"detente", "está mal", "sigue fallando", "no funciona", "olvidaste",
	"não", "pare", "errado", "ainda não", "não funciona",
	"нет", "стоп", "неправильно", "не работает", "отмени", "всё ещё", "ты забыл",
	"不对", "错", "停", "还是不", "不要", "違", "やめて", "いや", "まだ", "戻して", "아니", "틀렸", "아직도",
}

// pushback reports whether a prompt begins with a correction.
func pushback(text []byte) bool {
	for len(text) > 0 {
		r, n := utf8.DecodeRune(text)
		if unicode.IsLetter(r) {
			break
		}
		text = text[n:]
	}
	if len(text) > 200 {
		text = text[:200]
	}
	for _, o := range openings {
		if opensWith(text, o) {
			return true
		}
	}
	return false
}

// opensWith compares without case. A word in letters must end where the opening does; scripts that
// write no spaces have no such border.
func opensWith(text []byte, opening string) bool {
	var last rune
	for _, want := range opening {
		r, n := utf8.DecodeRune(text)
		if r == '’' {
			r = '\''
		}
		if n == 0 || unicode.ToLower(r) != want {
			return false
		}
		text = text[n:]
		last = want
	}
	if unicode.In(last, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul) {
		return true
	}
	r, n := utf8.DecodeRune(text)
	return n == 0 || !unicode.IsLetter(r) && !unicode.IsDigit(r)
}
