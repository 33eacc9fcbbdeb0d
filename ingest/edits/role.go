package edits

import "strings"

// Role tells what a file is for by its path: code, test, config, doc, data or generated.
func Role(path string) string {
	dirs, base := splitPath(path)
	base = strings.ToLower(base)
	ext := ""
	stem := base
	if k := strings.LastIndexByte(base, '.'); k > 0 {
		ext, stem = base[k+1:], base[:k]
	}
	var inTest, inBuild bool
	for rest := dirs; rest != ""; {
		var d string
		d, rest = cutDir(rest)
		switch {
		case isBuildDir(d):
			inBuild = true
		case isTestDir(d):
			inTest = true
		}
	}
	switch {
	case inBuild || isGeneratedName(base, stem, ext):
		return "generated"
	case isTestName(base, stem) && !isDocExt(ext):
		return "test"
	case inTest:
		return "test"
	case isConfigName(base):
		return "config"
	}
	switch ext {
	case "md", "mdx", "markdown", "txt", "rst", "adoc", "asciidoc", "org", "tex", "textile":
		return "doc"
	case "json", "jsonc", "json5", "yaml", "yml", "toml", "ini", "cfg", "conf", "config", "env", "properties",
		"editorconfig", "plist", "dockerfile", "mk", "mod", "work", "csproj", "fsproj", "vbproj", "sln", "props", "targets",
		"tf", "tfvars", "hcl", "xcconfig", "xcscheme", "gradle", "service", "rc", "nix":
		return "config"
	case "csv", "tsv", "parquet", "arrow", "feather", "xlsx", "xls", "ods", "jsonl", "ndjson", "avro", "orc",
		"dump", "db", "sqlite", "sqlite3", "duckdb",
		"png", "jpg", "jpeg", "gif", "svg", "webp", "ico", "bmp", "tif", "tiff", "avif", "heic", "psd",
		"mp3", "mp4", "wav", "ogg", "mov", "webm", "pdf", "ttf", "otf", "woff", "woff2", "zip", "gz", "tgz", "tar", "zst",
		"npy", "npz", "pkl", "pt", "onnx", "safetensors", "bin", "dat", "geojson", "log":
		return "data"
	case "sql":
		if strings.Contains(stem, "dump") || strings.Contains(stem, "backup") || strings.Contains(stem, "seed") {
			return "data"
		}
	case "":
		switch stem {
		case "readme", "license", "licence", "copying", "notice", "authors", "contributors", "changelog", "changes", "contributing", "todo", "news":
			return "doc"
		}
	}
	return "code"
}

// splitPath parts folders and name. Both kinds of slash separate.
func splitPath(path string) (dirs, base string) {
	k := strings.LastIndexAny(path, `/\`)
	if k < 0 {
		return "", path
	}
	return path[:k], path[k+1:]
}

func cutDir(p string) (dir, rest string) {
	k := strings.IndexAny(p, `/\`)
	if k < 0 {
		return strings.ToLower(p), ""
	}
	return strings.ToLower(p[:k]), p[k+1:]
}

// isBuildDir names folders whose content is made, not written.
func isBuildDir(d string) bool {
	switch d {
	case "dist", "build", "target", "node_modules", "vendor", "third_party", "bower_components", "__pycache__", "site-packages",
		".next", ".nuxt", ".output", ".svelte-kit", ".turbo", ".gradle", ".venv", "venv", "obj", "coverage", "deriveddata", "pods":
		return true
	}
	return false
}

func isTestDir(d string) bool {
	switch d {
	case "test", "tests", "__tests__", "spec", "specs", "testdata", "__mocks__", "__snapshots__", "e2e", "fixtures", "testing",
		"androidtest", "cypress", "playwright":
		return true
	}
	return strings.HasSuffix(d, ".tests") || strings.HasSuffix(d, ".test") || strings.HasSuffix(d, "_test") || strings.HasSuffix(d, "_tests") ||
		strings.HasSuffix(d, "-test") || strings.HasSuffix(d, "-tests")
}

func isTestName(base, stem string) bool {
	return strings.HasSuffix(stem, "_test") || strings.HasSuffix(stem, "_tests") || strings.HasSuffix(stem, "_spec") ||
		strings.HasPrefix(base, "test_") || base == "conftest.py" ||
		strings.Contains(base, ".test.") || strings.Contains(base, ".tests.") || strings.Contains(base, ".spec.") ||
		strings.HasSuffix(base, "test.java") || strings.HasSuffix(base, "tests.java") || strings.HasSuffix(base, "test.kt") ||
		strings.HasSuffix(base, "tests.cs") || strings.HasSuffix(base, "tests.swift") || strings.HasSuffix(base, "test.php")
}

func isDocExt(ext string) bool { return ext == "md" || ext == "mdx" || ext == "rst" || ext == "txt" }

// isGeneratedName names lock files, minified and generated files.
func isGeneratedName(base, stem, ext string) bool {
	switch base {
	case "package-lock.json", "npm-shrinkwrap.json", "pnpm-lock.yaml", "bun.lockb", "go.sum", "go.work.sum", "composer.lock",
		"packages.lock.json", "gradle.lockfile", "package.resolved":
		return true
	}
	if ext == "lock" || ext == "map" || ext == "pyc" || ext == "class" || ext == "o" || ext == "snap" || ext == "tsbuildinfo" {
		return true
	}
	return strings.HasSuffix(stem, ".min") || strings.HasSuffix(stem, ".pb") || strings.HasSuffix(stem, "_pb2") || strings.HasSuffix(stem, "_pb2_grpc") ||
		strings.HasSuffix(stem, ".generated") || strings.HasSuffix(stem, ".gen") || strings.HasSuffix(stem, "_generated") || strings.HasSuffix(stem, ".g")
}

// isConfigName names files that configure, whatever their extension.
func isConfigName(base string) bool {
	switch base {
	case "makefile", "gnumakefile", "justfile", "dockerfile", "containerfile", "procfile", "vagrantfile", "jenkinsfile", "rakefile", "gemfile",
		"podfile", "brewfile", "cmakelists.txt", "requirements.txt", "requirements-dev.txt", "constraints.txt", "pom.xml", "go.mod", "codeowners", "robots.txt":
		return true
	}
	return strings.HasPrefix(base, "dockerfile.") || strings.HasPrefix(base, ".env") ||
		strings.HasPrefix(base, ".") && !strings.Contains(base[1:], ".") || // .gitignore, .npmrc
		strings.HasPrefix(base, ".") && strings.HasSuffix(base, "rc.js") ||
		strings.Contains(base, ".config.")
}
