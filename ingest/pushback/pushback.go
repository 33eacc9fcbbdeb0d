// Package pushback tells prompts that correct what was done before.
package pushback

import (
	"bytes"
	"unicode"
	"unicode/utf8"
)

// corrections are the words with which people begin when the work before was not what they wanted. A
// weak sign by nature, it is kept narrow: words that as often begin a plain request are left out.
var corrections = []string{
	// English
	"no", "nope", "stop", "wrong", "undo", "revert", "incorrect", "not correct", "not right", "not what i", "that's wrong", "thats wrong",
	"that is wrong", "this is wrong", "that's not", "thats not", "that is not", "this is not what", "it's not working", "its not working",
	"you forgot", "you missed", "you broke", "you didn't", "you did not", "you ignored", "you misunderstood", "you're wrong", "why did you",
	"still fails", "still failing", "still broken", "still wrong", "still not", "still doesn't", "still does not", "it still", "same error",
	"doesn't work", "does not work", "didn't work", "did not work", "not working", "i said", "i told you", "i didn't ask", "i did not ask", "roll back", "rollback",
	// German
	"nein", "nee", "stopp", "halt", "falsch", "das ist falsch", "das stimmt nicht", "so nicht", "mach das rückgängig", "rückgängig", "du hast vergessen",
	"immer noch", "geht nicht", "geht immer noch nicht", "funktioniert nicht", "das funktioniert nicht",
	// French
	"non", "arrête", "faux", "c'est faux", "annule", "tu as oublié", "ça ne marche pas", "ça ne fonctionne pas", "toujours pas",
	// Spanish, Portuguese, Italian
	"está mal", "incorrecto", "deshaz", "revierte", "olvidaste", "sigue fallando", "sigue sin", "no funciona",
	"não", "errado", "está errado", "desfaça", "reverta", "você esqueceu", "ainda não", "não funciona",
	"sbagliato", "è sbagliato", "annulla", "hai dimenticato", "non funziona",
	// Polish, Russian, Ukrainian
	"nie", "źle", "cofnij", "zapomniałeś", "нет", "стоп", "неверно", "неправильно", "отмени", "ты забыл", "не работает", "всё ещё", "ні", "неправильно",
}

// pleasant beginnings look like corrections and are none.
var pleasant = []string{
	"no problem", "no worries", "no need", "no rush", "no idea", "no hurry", "no preference", "no questions", "no further", "no changes needed",
	"nie ma problemu", "no hay problema", "non c'è problema",
}

// unspaced corrections belong to scripts that write without blanks.
var unspaced = []string{
	"不对", "不是", "错了", "不行", "停下", "撤销", "回退", "你忘了", "还是不", "还是报错", "你理解错", "不要这样",
	"違う", "違います", "いいえ", "やめて", "元に戻して", "戻して", "まだ動", "間違",
	"治ってない", "治っていない", "治らない", "直ってない", "直っていない", "直らない", "直りません", "動かない", "動いてない", "動いていない",
	"動きません", "変わらない", "変わってない", "変わっていない", "全然",
	"아니", "틀렸", "되돌려", "그게 아니",
}

// Is reports whether a prompt begins with a correction of what was done before.
func Is(text []byte) bool {
	text = bytes.TrimLeft(text, " \t\r\n\"'*_>-.!?¡¿«“„")
	if len(text) > 96 {
		cut := 96
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	text = bytes.ToLower(bytes.ReplaceAll(text, []byte("’"), []byte("'")))
	for _, w := range unspaced {
		if bytes.HasPrefix(text, []byte(w)) {
			return true
		}
	}
	for _, w := range pleasant {
		if wordPrefix(text, w) {
			return false
		}
	}
	for _, w := range corrections {
		if wordPrefix(text, w) {
			return true
		}
	}
	return false
}

// wordPrefix reports whether text begins with w and w ends at the end of a word.
func wordPrefix(text []byte, w string) bool {
	if !bytes.HasPrefix(text, []byte(w)) {
		return false
	}
	next, _ := utf8.DecodeRune(text[len(w):])
	return len(text) == len(w) || !unicode.IsLetter(next) && !unicode.IsDigit(next) && next != '_'
}
