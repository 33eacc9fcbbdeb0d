package pushback

import "testing"

func TestIs(t *testing.T) {
	for text, want := range map[string]bool{
		"No, that is the wrong file":        true,
		"stop":                              true,
		"That’s wrong: the total is 12":     true,
		"  > you forgot the test":           true,
		"nein, falsch":                      true,
		"不对，应该是十二":                          true,
		"治ってない。以下ログ:":                       true,
		"保存ボタンを追加して":                        false,
		"no problem, go on":                 false,
		"Notify the user when it is done":   false,
		"nothing else, thanks":              false,
		"please stop the server in the end": false,
		"":                                  false,
	} {
		if got := Is([]byte(text)); got != want {
			t.Errorf("Is(%q) = %v", text, got)
		}
	}
}
