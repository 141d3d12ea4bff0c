package inventory

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/changectl/changectl/internal/document"
)

// box holds the objects of a NetBox.
type box struct {
	objects map[key]*object
	lists   map[string][]*object // by model, in the order of their numbers
}

// readBox reads a dump of Django's (manage.py dumpdata: a list of objects with model,
// pk and fields), or answers of the API, any number of them one after the other.
func readBox(file string, b []byte, n *notes) (*box, error) {
	bx := &box{objects: map[key]*object{}, lists: map[string][]*object{}}
	b = bytes.TrimPrefix(b, []byte("\xef\xbb\xbf"))
	dec := json.NewDecoder(bytes.NewReader(b))
	for {
		var whole json.RawMessage
		err := dec.Decode(&whole)
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = bx.add(whole, n)
		}
		if err != nil {
			return nil, misread(file, b, err)
		}
	}
	if len(bx.objects) == 0 {
		return nil, misread(file, b, errors.New("it holds nothing that is read; expected a dump (manage.py dumpdata) or answers of the API"))
	}
	for _, list := range bx.lists {
		slices.SortFunc(list, func(a, b *object) int { return cmp.Compare(a.id, b.id) })
	}
	bx.resolveTypes()
	return bx, nil
}

// misread makes a Problem, at the place where the JSON is wrong.
func misread(file string, b []byte, err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return &document.Problem{File: file, Message: "ends in the middle; is the download complete?"}
	}
	p := &document.Problem{File: file, Message: "is not what NetBox writes: " + err.Error()}
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		before := b[:min(max(0, syntax.Offset-1), int64(len(b)))]
		p.Line = 1 + bytes.Count(before, []byte("\n"))
		p.Column = len(before) - bytes.LastIndexByte(before, '\n')
	}
	return p
}

// add takes one value of the file: a list, an answer with results, or one object.
func (bx *box) add(whole json.RawMessage, n *notes) error {
	var list []json.RawMessage
	if json.Unmarshal(whole, &list) == nil {
		return bx.addAll(list, n)
	}
	var e envelope
	if err := json.Unmarshal(whole, &e); err != nil {
		return fmt.Errorf("expected a list or an object: %w", err)
	}
	if e.Results != nil {
		return bx.addAll(e.Results, n)
	}
	return bx.addOne(e, whole, n)
}

func (bx *box) addAll(list []json.RawMessage, n *notes) error {
	for i, one := range list {
		var e envelope
		err := json.Unmarshal(one, &e)
		if err == nil {
			err = bx.addOne(e, one, n)
		}
		if err != nil {
			return fmt.Errorf("element %d: %w", i+1, err)
		}
	}
	return nil
}

func (bx *box) addOne(e envelope, whole json.RawMessage, n *notes) error {
	o, err := e.open(whole)
	if err != nil || o == nil {
		return err
	}
	if bx.objects[o.key] != nil {
		n.leave("an object is there twice; the first was taken", "%s %d", o.model, o.id)
		return nil
	}
	bx.objects[o.key] = o
	bx.lists[o.model] = append(bx.lists[o.model], o)
	return nil
}

// resolveTypes puts models in the place of the numbers of content types, which a
// dump without natural keys has.
func (bx *box) resolveTypes() {
	models := map[typed]typed{}
	for _, o := range bx.lists[aContentType] {
		models[typed(fmt.Sprintf("#%d", o.id))] = typed(string(o.App) + "." + string(o.Model))
	}
	for _, o := range bx.objects {
		for _, t := range []*typed{&o.ScopeType, &o.ContentType, &o.ObjectType, &o.InterfaceType, &o.EndType} {
			if m, ok := models[*t]; ok {
				*t = m
			}
		}
	}
}

// get returns the object that a link leads to, or nil.
func (bx *box) get(model string, l link) *object { return bx.objects[key{model, int64(l)}] }

// slugOf returns the name that an object goes by in references.
func slugOf(o *object) string {
	if o == nil {
		return ""
	}
	if name := nameOf(string(o.Slug)); name != "" {
		return name
	}
	return nameOf(string(o.Name))
}

// nameIn returns the name of an object for people, or "".
func nameIn(o *object) string {
	if o == nil {
		return ""
	}
	return clean(string(o.Name))
}

// siteOf returns the site of an object: its own or that of its place, or nil.
func (bx *box) siteOf(o *object) *object {
	for range 3 { // from an object to its rack, location and site
		if o == nil {
			break
		}
		for _, l := range []link{o.Site, o.CachedSite} {
			if s := bx.get(aSite, l); s != nil {
				return s
			}
		}
		switch {
		case o.ScopeType == aSite:
			return bx.get(aSite, o.Scope)
		case o.model == aCircuitEnd && o.EndType == aSite:
			return bx.get(aSite, o.End)
		case o.ScopeType == aLocation:
			o = bx.get(aLocation, o.Scope)
		case bx.get(aRack, o.Rack) != nil:
			o = bx.get(aRack, o.Rack)
		default:
			o = bx.get(aLocation, o.Location)
		}
	}
	return nil
}
