package github

import (
	gh "github.com/google/go-github/v60/github"
)

// perPage is how many of anything are asked for at once; GitHub gives no more.
const perPage = 100

// pages reads a list to its end.
func pages[T any](read func(gh.ListOptions) ([]T, *gh.Response, error)) ([]T, error) {
	var all []T
	for page := 1; ; {
		got, resp, err := read(gh.ListOptions{Page: page, PerPage: perPage})
		if err != nil {
			return nil, err
		}
		all = append(all, got...)
		if resp.NextPage <= page {
			return all, nil
		}
		page = resp.NextPage
	}
}

// each translates a list.
func each[A, B any](list []A, one func(A) B) []B {
	all := make([]B, 0, len(list))
	for _, a := range list {
		all = append(all, one(a))
	}
	return all
}
