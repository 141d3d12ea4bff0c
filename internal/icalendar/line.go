package icalendar

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/changectl/changectl/internal/change"
)

// longestLine bounds a content line, folded or not. RFC 5545 sets no bound; an
// inline attachment is the longest thing that calendars carry.
const longestLine = 1 << 20

// lines takes a calendar apart into content lines (RFC 5545 3.1): unfolded, with
// CRLF or LF at the end. It holds one line at a time.
type lines struct {
	in     *bufio.Reader
	limit  int64 // bytes that may be read
	read   int64
	number int // of the last line read, from 1
	buffer []byte
}

func newLines(r io.Reader, limit int64) *lines {
	// One byte more than is allowed shows that there is more.
	return &lines{in: bufio.NewReaderSize(io.LimitReader(r, limit+1), 1<<16), limit: limit}
}

// begins refuses what is no calendar at all by its first bytes, before anything is
// made of its lines.
func (l *lines) begins() error {
	head, err := l.in.Peek(512)
	if err != nil && !errors.Is(err, io.EOF) {
		return broken(err)
	}
	head = bytes.TrimLeft(bytes.TrimPrefix(head, byteOrderMark), "\r\n\t ")
	switch {
	case len(head) == 0:
		return change.Invalid("not an iCalendar: it is empty").WithHint("look whether the file or address is the right one")
	case !bytes.EqualFold(head[:min(len(head), len(opening))], []byte(opening)):
		return change.Invalid("not an iCalendar: begins with %s", quoted(firstOf(string(head)))).
			WithHint("a calendar begins with %s; an address that asks for a login first answers with a web page", opening)
	}
	return nil
}

const opening = "BEGIN:VCALENDAR"

var byteOrderMark = []byte("\xef\xbb\xbf")

func firstOf(s string) string {
	if tag := strings.IndexByte(s, '>'); s[0] == '<' && tag > 0 {
		s = s[:tag+1]
	}
	first, _, _ := strings.Cut(s, "\n")
	return strings.TrimSpace(first)
}

// next returns the next content line that is not blank, and the number of the line
// in which it begins. It ends with io.EOF.
func (l *lines) next() (string, int, error) {
	for {
		text, number, err := l.unfolded()
		if err != nil || strings.TrimSpace(text) != "" {
			return text, number, err
		}
	}
}

// unfolded reads a line with those that continue it.
func (l *lines) unfolded() (string, int, error) {
	l.buffer = l.buffer[:0]
	if err := l.physical(); err != nil {
		return "", l.number, err
	}
	number := l.number
	for {
		following, err := l.in.Peek(1)
		if err != nil && !errors.Is(err, io.EOF) {
			return "", l.number, broken(err)
		}
		if len(following) == 0 || (following[0] != ' ' && following[0] != '\t') {
			break
		}
		if _, err := l.in.Discard(1); err != nil {
			return "", l.number, broken(err)
		}
		l.read++
		if err := l.physical(); err != nil && !errors.Is(err, io.EOF) {
			return "", number, err
		}
	}
	// Folding may split a character, so that only the whole line can be judged.
	return string(l.buffer), number, readable(l.buffer)
}

// physical appends one line of the file to the buffer, without its end.
func (l *lines) physical() error {
	l.number++
	begin := len(l.buffer)
	for {
		part, err := l.in.ReadSlice('\n')
		l.read += int64(len(part))
		l.buffer = append(l.buffer, part...)
		switch {
		case l.read > l.limit:
			return change.Invalid("the calendar is larger than %d bytes", l.limit).WithHint("ask for a feed of the coming months only")
		case len(l.buffer) > longestLine:
			return change.Invalid("the line is longer than %d bytes", longestLine).WithHint("this is no calendar, or it carries attachments: leave those out")
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case err != nil && !errors.Is(err, io.EOF):
			return broken(err)
		case err != nil && len(l.buffer) == begin:
			l.number--
			return io.EOF
		}
		if l.number == 1 {
			l.buffer = bytes.TrimPrefix(l.buffer, byteOrderMark)
		}
		l.buffer = bytes.TrimRight(l.buffer, "\r\n")
		return nil
	}
}

func readable(line []byte) error {
	switch {
	case bytes.IndexByte(line, 0) >= 0:
		return change.Invalid("the line holds a NUL byte").WithHint("this is no text: fetch the calendar again")
	case bytes.IndexByte(line, '\r') >= 0:
		return change.Invalid("a carriage return stands alone in the line").WithHint("lines end with CRLF or LF: convert the file")
	case !utf8.Valid(line):
		return change.Invalid("the line is not UTF-8").WithHint("convert the file to UTF-8")
	}
	return nil
}

func broken(err error) error {
	return change.Unavailable("reading the calendar broke off: %w", err).WithHint("try again")
}
