package proposal

import (
	"path"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/changectl/changectl/internal/document"
)

// The modes of plain files, as git writes them.
const (
	modeFile       = "100644"
	modeExecutable = "100755"
	modeLink       = "120000"
	modeSubmodule  = "160000"
)

// maxPath is the longest path, in bytes.
const maxPath = 1024

// pathFault says what is wrong with a path of a tree, or nothing: a path must be what
// it looks like, and no other path to anybody.
func pathFault(p string) string {
	switch {
	case p == "":
		return "is empty"
	case len(p) > maxPath:
		return "is longer than 1024 bytes"
	case !utf8.ValidString(p):
		return "is not valid UTF-8"
	case strings.ContainsFunc(p, unicode.IsControl):
		return "holds a control character"
	case strings.ContainsFunc(p, hidden):
		return "holds a character that cannot be seen or turns the direction of writing"
	case strings.Contains(p, `\`):
		return "holds a backslash"
	}
	return ""
}

// fault says what is wrong with a file of a tree, or nothing.
func (e Entry) fault() string {
	switch {
	case pathFault(e.Path) != "":
		return pathFault(e.Path)
	case path.Clean("/"+e.Path) != "/"+e.Path:
		return "is not a plain path"
	case e.Mode == modeLink:
		return "is a symbolic link; only plain files are read"
	case e.Mode == modeSubmodule:
		return "is a submodule; only plain files are read"
	case e.Mode != modeFile && e.Mode != modeExecutable:
		return "is not a plain file"
	case e.Blob == "":
		return "has no content"
	case e.Size > document.MaxBytes:
		return "is larger than 256 KiB; split it"
	}
	return ""
}

// Refused returns what is wrong with altered files before anybody looks into them:
// links, submodules, other modes, too many bytes, and paths that hold what cannot be
// seen or passes for something else.
func Refused(altered []Altered, layouts ...Layout) []Annotation {
	var all []Annotation
	refuse := func(path, text string) {
		all = append(all, Annotation{Path: path, Line: 1, Level: failureLevel, Message: text})
	}
	for _, a := range altered {
		if a.New == nil {
			continue
		}
		switch {
		case inPlace(a.Path, layouts):
			refuse(a.Path, "stands where the layout expects a folder")
		case kindOf(a.Path, layouts) != KindNone && a.New.fault() != "":
			refuse(a.Path, a.New.fault())
		case within(a.Path, layouts) && pathFault(a.Path) != "":
			refuse(a.Path, pathFault(a.Path))
		}
	}
	return all
}

// within reports whether a path lies in a folder of which a layout says something.
func within(file string, layouts []Layout) bool {
	return slices.ContainsFunc(layouts, func(l Layout) bool {
		return slices.ContainsFunc(l.folders(), func(dir string) bool { return below(file, dir) })
	})
}

// inPlace reports whether a file stands where such a folder or a folder above should.
func inPlace(file string, layouts []Layout) bool {
	return slices.ContainsFunc(layouts, func(l Layout) bool {
		return slices.ContainsFunc(append(l.folders(), l.Policy, l.Catalog), func(p string) bool { return below(p, file) }) ||
			slices.Contains(l.folders(), file)
	})
}
