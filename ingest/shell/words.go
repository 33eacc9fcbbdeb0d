package shell

import "strings"

// nextWord takes the first word off a line whose white space is folded; quotes hold blanks together.
func nextWord(s string) (w, rest string) {
	s = strings.TrimLeft(s, " ")
	for i := 0; i < len(s); {
		switch s[i] {
		case ' ':
			return s[:i], s[i+1:]
		case '\\':
			i += 2
		case '\'', '"':
			i = skipQuote(s, i, 0)
		case '$':
			i = skipDollar(s, i, 0)
		default:
			i++
		}
	}
	return s, ""
}

// nextArg is nextWord without redirects.
func nextArg(s string) (w, rest string) {
	for {
		w, rest = nextWord(s)
		if w == "" || !isRedirect(w) {
			return w, rest
		}
		if strings.TrimLeft(w, "0123456789&<>|-") == "" {
			_, rest = nextWord(rest) // its target stands apart
		}
		if isHereWord(w) && strings.HasPrefix(rest, "#") {
			_, rest = nextWord(rest) // the hash of the document
		}
		s = rest
	}
}

// nextPlain takes the first word that is neither flag nor the value of a flag of program.
func nextPlain(s, program string) (w, rest string) {
	for {
		w, rest = nextArg(s)
		if w == "" {
			return "", ""
		}
		switch {
		case w[0] == '+' && program == "cargo": // the toolchain
		case (program == "make" || program == "gmake" || program == "just") && isAssignment(w):
		case w[0] != '-' || len(w) == 1:
			return w, rest
		case takesValue(program, w):
			_, rest = nextArg(rest)
		}
		s = rest
	}
}

// takesValue reports whether the flag before a subcommand is followed by its value.
func takesValue(program, flag string) bool {
	switch program {
	case "git":
		return flag == "-C" || flag == "-c" || flag == "--git-dir" || flag == "--work-tree"
	case "go":
		return flag == "-C"
	case "npm", "pnpm", "yarn", "bun":
		return flag == "--prefix" || flag == "-C" || flag == "--dir" || flag == "--filter" || flag == "-F" || flag == "--cwd" || flag == "--workspace"
	case "cargo":
		return flag == "-C" || flag == "--config" || flag == "-Z" || flag == "--manifest-path"
	case "docker", "podman":
		return flag == "-H" || flag == "--host" || flag == "--context" || flag == "-c" || flag == "-f"
	case "docker-compose":
		return flag == "-f" || flag == "-p" || flag == "--env-file" || flag == "--profile"
	case "kubectl", "oc", "helm":
		return flag == "-n" || flag == "--namespace" || flag == "--context" || flag == "--kubeconfig"
	case "gh":
		return flag == "-R" || flag == "--repo"
	case "make", "gmake":
		return flag == "-C" || flag == "-f" || flag == "-I" || flag == "-o"
	case "just":
		return flag == "-f" || flag == "-d"
	case "gradle", "gradlew", "mvn", "mvnw":
		return flag == "-p" || flag == "-f" || flag == "-pl" || flag == "-b"
	case "terraform", "tofu":
		return false
	case "aws":
		return flag == "--profile" || flag == "--region"
	case "uv", "poetry":
		return flag == "--directory" || flag == "--project" || flag == "-C" || flag == "-P"
	case "systemctl":
		return flag == "-p" || flag == "-n"
	}
	return false
}

// subcommand is the first plain word behind a program that has subcommands.
func subcommand(program, rest string) string {
	if rest == "" || !hasSubcommands(program) {
		return ""
	}
	w, _ := nextPlain(rest, program)
	w = unquoteFlag(w)
	if len(w) > 80 {
		return ""
	}
	return w
}

func hasSubcommands(program string) bool {
	switch program {
	case "git", "jj", "hg", "svn", "gh", "glab", "hub",
		"go", "cargo", "npm", "pnpm", "yarn", "bun", "deno", "dotnet", "mix", "swift", "zig", "dart", "flutter", "stack", "cabal", "dune",
		"mvn", "mvnw", "gradle", "gradlew", "make", "gmake", "just", "task", "mage", "rake", "bazel", "bazelisk", "nx", "turbo", "lerna", "sbt", "lein",
		"pip", "pip3", "pipx", "uv", "poetry", "pipenv", "pdm", "rye", "hatch", "conda", "mamba", "gem", "bundle", "composer", "rails", "artisan",
		"docker", "docker-compose", "podman", "kubectl", "oc", "helm", "terraform", "tofu", "pulumi", "aws", "gcloud", "az",
		"vercel", "netlify", "fly", "flyctl", "wrangler", "firebase", "heroku", "railway", "supabase", "prisma", "alembic",
		"apt", "apt-get", "brew", "dnf", "yum", "apk", "pacman", "choco", "winget", "scoop", "rustup", "nvm", "systemctl", "launchctl",
		"tmux", "pm2", "ruff", "biome", "next", "vite", "nuxt", "astro", "ng", "expo", "playwright", "cypress", "forge", "hardhat", "anchor", "wasm-pack":
		return true
	}
	return false
}
