package redact

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// Made-up secrets are put together here, so that no scanner takes this file for a leak.
var (
	mixed36 = strings.Repeat("aB3dE6gH9", 4)
	hex40   = strings.Repeat("0f1e2d3c4b", 4)
	jwt     = "eyJ" + "hbGciOiJIUzI1NiJ9" + ".eyJ" + "zdWIiOiIxMjM0NSJ9" + ".dBjftJeZ4CVPmB92K27uhbUJU1p1r_wW1gFWFOEjXk"
	pemKey  = "-----BEGIN RSA " + "PRIVATE KEY-----\nMIIEow" + mixed36 + "\n-----END RSA " + "PRIVATE KEY-----"
	awsKey  = "AKIA" + "Z3MHB7QWX5LK2NVD"
	awsLong = "wJalrXUtnFEMI/K7MDENG/" + "bPxRfiCYzzzzABCDEF"
)

func TestText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		// Forms that tokens give away.
		{"id " + awsKey + ".", "id [redacted:aws-access-key]."},
		{"x=" + "ASIA" + awsKey[4:], "x=[redacted:aws-access-key]"},
		{"ghp" + "_" + mixed36, "[redacted:github-token]"},
		{"a ghs" + "_" + mixed36 + " b", "a [redacted:github-token] b"},
		{"github" + "_pat_" + mixed36 + "_" + mixed36, "[redacted:github-token]"},
		{"glpat" + "-" + mixed36[:20], "[redacted:gitlab-token]"},
		{"sk" + "-proj-" + mixed36, "[redacted:openai-key]"},
		{"sk" + "-" + mixed36[:32], "[redacted:openai-key]"},
		{"sk" + "-ant-" + "api03-" + mixed36, "[redacted:anthropic-key]"},
		{"sk" + "-or-" + "v1-" + hex40, "[redacted:openrouter-key]"},
		{"xoxb" + "-123456789012-" + mixed36, "[redacted:slack-token]"},
		{"https://hooks.slack.com/services" + "/T00000000/B00000000/" + mixed36[:24], "https://[redacted:slack-webhook]"},
		{"AIza" + mixed36[:35], "[redacted:google-key]"},
		{"GOCSPX" + "-" + mixed36[:28], "[redacted:google-oauth]"},
		{"sk" + "_live_" + mixed36, "[redacted:stripe-key]"},
		{"npm" + "_" + mixed36, "[redacted:npm-token]"},
		{"pypi" + "-AgEIcHlwaS5vcmc" + mixed36 + mixed36, "[redacted:pypi-token]"},
		{"hf" + "_" + mixed36, "[redacted:huggingface-token]"},
		{"gsk" + "_" + mixed36 + mixed36[:16], "[redacted:groq-key]"},
		{"jwt " + jwt + " end", "jwt [redacted:jwt] end"},
		{"a\n" + pemKey + "\nb", "a\n[redacted:private-key]\nb"},
		{"cut off: " + pemKey[:60], "cut off: [redacted:private-key]"},
		{`{"key":"` + strings.ReplaceAll(pemKey, "\n", `\n`) + `"}`, `{"key":"[redacted:private-key]"}`},
		{`a\nghp` + "_" + mixed36, `a\n[redacted:github-token]`},

		// URLs and headers.
		{"postgres://app:hunter2@db.local:5432/x", "postgres://app:[redacted:url-password]@db.local:5432/x"},
		{"https://:p@ss@host/", "https://:[redacted:url-password]@host/"},
		{"https://x-access-token:ghp" + "_" + mixed36 + "@github.com/a/b", "https://x-access-token:[redacted:github-token]@github.com/a/b"},
		{`curl -H "Authorization: Bearer ` + mixed36 + `" x`, `curl -H "Authorization: Bearer [redacted:authorization]" x`},
		{"authorization: basic dXNlcjpwYXNz", "authorization: basic [redacted:authorization]"},
		{"sent Bearer " + hex40 + " to it", "sent Bearer [redacted:bearer-token] to it"},
		{"Authorization: Bearer " + jwt, "Authorization: Bearer [redacted:jwt]"},
		{"x-api-key: " + hex40[:32], "x-api-key: [redacted:secret]"},

		// What a limit of length left of a secret.
		{"use SG" + "." + mixed36 + "…", "use [redacted:sendgrid-key]…"},
		{"npm" + "_" + mixed36[:20], "[redacted:npm-token]"},
		{"the key AKIA" + "Z3MHB7QWX…", "the key [redacted:aws-access-key]…"},
		{"postgres://app:hunter2", "postgres://app:[redacted:url-password]"},
		{"http://localhost:8080", "http://localhost:8080"},
		{"http://db.local:x80", "http://db.local:x80"},
		{"see npm_config_registry2", "see npm_config_registry2"},
		{"sent Bearer " + hex40[:12] + "…", "sent Bearer [redacted:bearer-token]…"},
		{"sk" + "-learn", "sk" + "-learn"},

		// Values beside a telling name.
		{"Culture=neutral, PublicKeyToken=b77a5c561934e089", "Culture=neutral, PublicKeyToken=b77a5c561934e089"},
		{"password=hunter2", "password=[redacted:password]"},
		{"DB_PASSWORD=hunter", "DB_PASSWORD=[redacted:password]"},
		{"Password: hunter2!", "Password: [redacted:password]"},
		{`"password": "correct horse battery"`, `"password": "[redacted:password]"`},
		{`{\"password\":\"hunter2\",\"a\":1}`, `{\"password\":\"[redacted:password]\",\"a\":1}`},
		{`pwd = 'it\'s me' # x`, `pwd = '[redacted:password]' # x`},
		{`db_pass: "s3cr3t"`, `db_pass: "[redacted:password]"`},
		{"mysql --password hunter2 -u x", "mysql --password [redacted:password] -u x"},
		{"tool --api-key " + mixed36[:20] + " run", "tool --api-key [redacted:secret] run"},
		{"AWS_SECRET_ACCESS_KEY=" + awsLong, "AWS_SECRET_ACCESS_KEY=[redacted:secret]"},
		{"aws_secret_access_key = " + awsLong, "aws_secret_access_key = [redacted:secret]"},
		{"?access_token=" + hex40 + "&x=1", "?access_token=[redacted:secret]&x=1"},
		{"apiKey: '" + hex40[:32] + "',", "apiKey: '[redacted:secret]',"},
		{`os.environ["API_TOKEN"] = "` + mixed36[:24] + `"`, `os.environ["API_TOKEN"] = "[redacted:secret]"`},
		{`token := "` + mixed36[:24] + `"`, `token := "[redacted:secret]"`},
		{"AccountKey=" + awsLong + "4v9Q==;x", "AccountKey=[redacted:secret];x"},
		{"/blob?sv=2024&sig=" + awsLong + "4v9Q%3D&x=1", "/blob?sv=2024&sig=[redacted:secret]&x=1"},
		{"token=ghp" + "_" + mixed36, "token=[redacted:github-token]"},
		{"a password=hunter2 and " + awsKey, "a password=[redacted:password] and [redacted:aws-access-key]"},
	} {
		got := Text(c.in)
		if got != c.want {
			t.Errorf("%q\n got %q\nwant %q", c.in, got, c.want)
		}
		if again := Text(got); again != got {
			t.Errorf("%q: not the same when redacted twice: %q", c.in, again)
		}
	}
}

func TestTextLeavesAlone(t *testing.T) {
	for _, s := range []string{
		"", "x", "=", ":", "--", "://", "password", "password=", "token:",
		hex40, strings.Repeat("0f", 32), "commit " + hex40, "sha256:" + strings.Repeat("0f", 32),
		"3f2504e0-4f89-11d3-9a0c-0305e82c3301", "session_id=3f2504e0-4f89-11d3-9a0c-0305e82c3301",
		"data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4",
		"integrity sha512-" + mixed36 + mixed36 + "==",
		`"cache_key": "d41d8cd98f00b204e9800998ecf8427e"`,
		"input_tokens=12345 output_tokens: 678", "max_tokens: 128000", `"token": 128000123`, "token: 1234567.5",
		"--- PASS: TestTextLeavesAlone", "PASS: TestABC123x", "pass=12",
		"password: string;", "password: str,", "password=None", "password: required", "password = getpass()",
		"password=$DB_PASSWORD", "password: ${DB_PASSWORD}", `password="<your password>"`, "password=%s", "password=********",
		"token = process.env.GITHUB_TOKEN", "token: Token", "token=token", "password=user.password", "password=db_password",
		`token := newToken("abcdefgh12345678")`, "secret: ${{ secrets.NPM_TOKEN }}", "api_key=os.environ['API_KEY']",
		"vendor/auth/token.go:12: x", "token::Kind::Identifier1", "the token: see vendor/auth/session_token",
		"https://example.com:8080/a@b", "https://user@example.com/", "http://user:${PASS}@host/", "mailto:someone@example.com",
		"sk-learn-based-classification-pipeline", "task-0123456789abcdef0123456789", "risk-assessment",
		"Bearer authentication is used", "Bearer token", "Authorization: Bearer $TOKEN", "Authorization: Bearer <token>",
		"ghp_short", "AKIA", "AKIAlowercaseletters", "XAKIAZ3MHB7QWX5LK2NVD", "npm_config_registry", "npm_lifecycle_event=postinstall",
		"-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----", "-----BEGIN CERTIFICATE-----",
		"eyJust a word", "eyJhbGciOiJub25lIn0", "compass: north1234567890123", "bypass=0123456789abcdefghijkl",
		"already [redacted:github-token] and token=[redacted:github-token]", `{"token":"[redacted:secret]"}`,
		"2026-01-02T03:04:05Z", "a --token --verbose", "git log --author=x", "signature: " + hex40, `{"type":"thinking","signature":"` + mixed36 + awsLong + `"}`,
		`token = 'access_token_v2'`, `"token":"user-session-12"`, "API_KEY=sk-你的密钥1234567",
	} {
		if got := Text(s); got != s {
			t.Errorf("%q became %q", s, got)
		}
		if m := Find(s); m != nil {
			t.Errorf("%q: found %v", s, m)
		}
	}
}

func TestFind(t *testing.T) {
	s := "password=hunter2 " + awsKey
	got := Find(s)
	if len(got) != 2 || got[0] != (Match{Rule: "password", Start: 9, End: 16}) || got[1] != (Match{Rule: "aws-access-key", Start: 17, End: 37}) {
		t.Errorf("got %v", got)
	}
}

const cleanText = `func main() { for i := 0; i < 10; i++ { fmt.Println("line:", i, a-b, x_y) } } // https://example.com/a?b=c {"type":"text","id":"x_1"} `

func TestCleanTextCostsNothing(t *testing.T) {
	s := strings.Repeat(cleanText, 10)
	var out string
	if n := testing.AllocsPerRun(100, func() { out = Text(s) }); n != 0 || out != s {
		t.Errorf("%v allocations, unchanged %v", n, out == s)
	}
}

func BenchmarkText(b *testing.B) {
	s := strings.Repeat(cleanText, 100)
	b.SetBytes(int64(len(s)))
	for b.Loop() {
		Text(s)
	}
}

func FuzzRedact(f *testing.F) {
	for _, s := range []string{"password=hunter2", awsKey, jwt, pemKey, "https://a:b@c", "Authorization: Bearer " + mixed36,
		`{\"token\":\"` + mixed36 + `\"}`, cleanText, "x [redacted:jwt]=1", "--password x", "\xffpassword='\xff'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		end := 0
		for _, m := range Find(s) {
			if m.Start < end || m.End <= m.Start || m.End > len(s) || m.Rule == "" {
				t.Fatalf("match %v after %d of %d", m, end, len(s))
			}
			end = m.End
		}
		got := Text(s)
		if (end == 0) != (got == s) {
			t.Fatalf("matches up to %d, but %q became %q", end, s, got)
		}
		if utf8.ValidString(s) && !utf8.ValidString(got) {
			t.Fatalf("%q became invalid %q", s, got)
		}
		// A secret that stands by itself is found whatever ordinary text surrounds it.
		if got := Text(s + "\n" + awsKey + "\n"); strings.HasSuffix(got, awsKey+"\n") {
			t.Fatalf("not hidden behind %q: %q", s, got)
		}
	})
}
