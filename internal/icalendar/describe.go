package icalendar

import (
	"fmt"
	"slices"
	"strings"

	"github.com/changectl/changectl/internal/change"
)

// describe takes what says in words what the event is.
func (e *entry) describe(p property) (err error) {
	note := &e.Maintnote
	switch p.name {
	case "SUMMARY":
		e.Summary = p.label(mostLabel)
	case "DESCRIPTION":
		e.Description = p.text(mostText)
	case "STATUS":
		e.Status = token(p.label(mostLabel))
	case "CONTACT":
		e.Contact = p.label(mostLabel)
	case "ORGANIZER":
		e.Organizer = p.organizer()
	case "X-MAINTNOTE-PROVIDER":
		note.Provider = p.label(mostLabel)
	case "X-MAINTNOTE-ACCOUNT":
		note.Account = p.label(mostLabel)
	case "X-MAINTNOTE-STATUS":
		note.Status = p.label(mostLabel)
	case "X-MAINTNOTE-IMPACT":
		note.Impact = worseOf(note.Impact, p.label(mostLabel))
	case "X-MAINTNOTE-MAINTENANCE-ID":
		err = note.identify(p, &e.in.source.keys)
	case "X-MAINTNOTE-OBJECT-ID":
		err = note.concern(p, &e.in.source.keys)
	}
	return err
}

// worseOf returns the worse of two impacts as they were written.
func worseOf(a, b string) string {
	if a == "" || worse(impact(a), impact(b)) != impact(a) {
		return b
	}
	return a
}

func (m *Maintnote) identify(p property, left *int) error {
	id, err := p.identifier(left)
	if err != nil || id == "" {
		return err
	}
	at := len(m.MaintenanceIDs)
	if strings.EqualFold(p.parameter("X-MAINTNOTE-PRECEDENCE"), "PRIMARY") {
		at = 0
	}
	m.MaintenanceIDs = slices.Insert(m.MaintenanceIDs, at, id)
	return nil
}

func (m *Maintnote) concern(p property, left *int) error {
	id, err := p.identifier(left)
	if err != nil || id == "" {
		return err
	}
	o := Object{ID: id, Impact: oneLine(p.parameter("X-MAINTNOTE-OBJECT-IMPACT"), mostLabel)}
	for _, name := range []string{"ALTREP", "X-MAINTNOTE-OBJECT-URI"} {
		if uri := p.parameter(name); uri != "" {
			o.URI = oneLine(uri, mostText)
		}
	}
	m.Objects = append(m.Objects, o)
	return nil
}

// identifier reads the name of a piece of work or of an object, of which there may be
// so many left.
func (p property) identifier(left *int) (string, error) {
	if *left--; *left < 0 {
		return "", change.Invalid("the calendar names more than %d objects", mostKeys).WithHint("ask for a feed of the coming months only")
	}
	return p.key(mostKey)
}

// organizer puts the common name before the address, which comes as a URI.
func (p property) organizer() string {
	name, address := oneLine(p.parameter("CN"), mostLabel), p.label(mostLabel)
	if len(address) > 7 && strings.EqualFold(address[:7], "mailto:") {
		address = address[7:]
	}
	switch {
	case name == "" || name == address:
		return address
	case address == "":
		return name
	}
	return fmt.Sprintf("%s <%s>", name, address)
}

// address returns what stands in angle brackets, or all.
func address(organizer string) string {
	if _, after, found := strings.Cut(organizer, " <"); found {
		return strings.TrimSuffix(after, ">")
	}
	return organizer
}
