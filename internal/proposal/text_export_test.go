package proposal

// Prose, Code and Fence are how text of others becomes Markdown, for tests.
var (
	Prose = prose
	Code  = code
	Fence = fence
)
