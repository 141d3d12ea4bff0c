package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/changectl/changectl/internal/change"
)

// MaxProposedRunbooks is how many runbooks can come with a proposed request.
const MaxProposedRunbooks = 20

// ProposalRequest is a request as a pull request proposes it, with the runbooks that
// come along. They go before those of the installation.
type ProposalRequest struct {
	Request  change.Request    `json:"request"`
	Runbooks []ProposedRunbook `json:"runbooks,omitempty" maxItems:"20"`
	Origin   ProposalOrigin    `json:"origin"`
}

// ProposedRunbook is a runbook as it would be after the merge.
type ProposedRunbook struct {
	Path string `json:"path" minLength:"1" doc:"Within the repository; the name of the file is that of the runbook."`
	YAML string `json:"yaml" doc:"At most 256 KiB."`
}

// ProposalOrigin says where a proposal is to be read. The caller says so: nothing of it
// is relied on, and no plan is pinned to it.
type ProposalOrigin struct {
	RepositoryID int64  `json:"repositoryId,omitempty" doc:"The repository's number at GitHub."`
	Repository   string `json:"repository" doc:"As owner/name."`
	Number       int    `json:"number,omitempty" doc:"Of the pull request."`
	Head         string `json:"head,omitempty" doc:"The commit."`
	Base         string `json:"base,omitempty" doc:"The branch that it is to be merged into."`
	Path         string `json:"path,omitempty" doc:"Of the change request. A change of the same file that has not started is not in the way: it would be revised."`
}

type proposalIn struct{ Body ProposalRequest }

func (r routes) proposals(api huma.API) {
	op := operation("preview-proposal", http.MethodPost, "/v1/proposals/preview", "changes", "Compile and check what a pull request proposes")
	op.Description = "Writes nothing. The plan is of what was sent: it is not pinned to a commit, and cannot be approved."
	add(api, op, r.previewProposal)
}

func (r routes) previewProposal(ctx context.Context, in *proposalIn) (Preview, error) {
	return r.service.PreviewProposal(ctx, who(ctx), in.Body)
}

// PreviewProposal compiles and checks what a pull request proposes and writes nothing.
func (c *Client) PreviewProposal(ctx context.Context, req ProposalRequest) (p Preview, err error) {
	if n := len(req.Runbooks); n > MaxProposedRunbooks {
		return p, change.Invalid("%d runbooks come with the request; at most %d can", n, MaxProposedRunbooks)
	}
	b, err := json.Marshal(req)
	if err != nil {
		return p, change.Invalid("encode the request: %w", err)
	}
	if len(b) > MaxBody {
		return p, change.Invalid("the request takes %d bytes with its runbooks; the server reads at most %d (1 MiB)", len(b), MaxBody).
			WithHint("split the runbook")
	}
	err = c.call(ctx, http.MethodPost, "/v1/proposals/preview", nil, json.RawMessage(b), &p)
	return p, err
}

// parseOrigin reads which pull request is meant: REPOSITORY/NUMBER, both numbers.
func parseOrigin(s string) (*change.PullKey, error) {
	if s == "" {
		return nil, nil
	}
	repo, number, _ := strings.Cut(s, "/")
	id, err := strconv.ParseInt(repo, 10, 64)
	n, err2 := strconv.ParseInt(number, 10, 32)
	if err != nil || err2 != nil || id < 1 || n < 0 {
		return nil, change.Invalid("%q names no pull request; write the repository's number at GitHub and that of the pull request, for example 1296269/42", s).At("origin")
	}
	return &change.PullKey{RepositoryID: id, Number: int(n)}, nil
}
