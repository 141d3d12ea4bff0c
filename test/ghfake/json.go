package ghfake

import "time"

// object is a JSON object. Only what means something is written down; fill completes
// it and leaves out what the schema does not have.
type object = map[string]any

// birth is when everything was made whose time does not matter.
var birth = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

func stamp(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format(time.RFC3339)
}

// utc writes a time as GitHub does.
func utc(written string) string {
	t, err := time.Parse(time.RFC3339, written)
	if err != nil {
		return written
	}
	return t.UTC().Format(time.RFC3339)
}

// orNull is null for an empty text.
func orNull(s string) any {
	if s == "" {
		return nil
	}
	return s
}

func with(o object, more object) object {
	out := make(object, len(o)+len(more))
	for k, v := range o {
		out[k] = v
	}
	for k, v := range more {
		out[k] = v
	}
	return out
}

// list is a list that is rendered only as far as it is shown.
type list struct {
	size int
	item func(int) (object, error)
}

func listOf[T any](all []T, render func(T) (object, error)) list {
	return list{len(all), func(i int) (object, error) { return render(all[i]) }}
}

// plain renders a whole list whose items cannot go wrong.
func plain[T any](all []T, render func(T) object) list {
	return listOf(all, func(v T) (object, error) { return render(v), nil })
}

func (l list) slice(from, to int) ([]any, error) {
	out := []any{}
	for i := from; i < min(to, l.size); i++ {
		o, err := l.item(i)
		if err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}
