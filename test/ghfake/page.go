package ghfake

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
)

// wrapped is a list inside an object, with the number of all that there are.
type wrapped struct {
	key  string
	list list
	more object
}

// paged cuts lists into pages, and says in a Link header where the others are.
func (c *call) paged(v any) (any, error) {
	switch v := v.(type) {
	case list:
		return c.page(v)
	case wrapped:
		items, err := c.page(v.list)
		if err != nil {
			return nil, err
		}
		return with(object{"total_count": v.list.size, v.key: items}, v.more), nil
	}
	return v, nil
}

func (c *call) page(l list) ([]any, error) {
	size := c.size()
	number := max(c.whole("page", 1), 1)
	last := max((l.size+size-1)/size, 1)
	var links []string
	link := func(rel string, n int) {
		links = append(links, c.link(rel, map[string]string{"page": strconv.Itoa(n)}))
	}
	if number > 1 {
		link("prev", min(number-1, last))
	}
	if number < last {
		link("next", number+1)
		link("last", last)
	}
	if number > 1 {
		link("first", 1)
	}
	c.setLinks(links)
	return l.slice((number-1)*size, number*size)
}

// size is how many there are on a page: 30 unless asked, 100 at most.
func (c *call) size() int {
	n := c.whole("per_page", 30)
	if n < 1 {
		return 30
	}
	return min(n, 100)
}

func (c *call) whole(name string, otherwise int) int {
	n, err := strconv.Atoi(c.query(name))
	if err != nil {
		return otherwise
	}
	return n
}

// link writes one link of the header (RFC 8288).
func (c *call) link(rel string, set map[string]string) string {
	query := c.http.URL.Query()
	for name, value := range set {
		query.Set(name, value)
	}
	at := url.URL{Path: c.http.URL.Path, RawPath: c.http.URL.RawPath, RawQuery: query.Encode()}
	return fmt.Sprintf(`<%s%s>; rel="%s"`, c.s.url+prefixOf(c.http), at.String(), rel)
}

func (c *call) setLinks(links []string) {
	if len(links) > 0 {
		c.header.Set("Link", strings.Join(links, ", "))
	}
}

// cursor gives the page after the item that the cursor names, as GitHub does where
// lists change while they are read.
func (c *call) cursor(l list, id func(int) int64, name string) ([]any, error) {
	from := 0
	if at := c.query(name); at != "" {
		for from < l.size && cursorOf(id(from)) != at {
			from++
		}
		from++
	}
	size := c.size()
	if to := from + size; to < l.size {
		c.setLinks([]string{c.link("next", map[string]string{name: cursorOf(id(to - 1))})})
	}
	return l.slice(from, from+size)
}

func cursorOf(id int64) string { return fmt.Sprintf("v1_%d", id) }
