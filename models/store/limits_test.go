package store

import "context"

// SmallLimits has searches go in few issues all the ways that they go in many.
func (s *Store) SmallLimits() {
	s.limits = searchLimits{
		walkBatch: 4, walkCommon: 2, walkMost: 12, mostHits: 12, fewIssues: 3,
		manyIssues: 5, scanBatch: 8, scanPart: 2, mostScanned: 24, mostListed: 6, sampleTexts: 40,
	}
}

// AsksIndex reports whether a search on MariaDB asks the index for a word.
func (s *Store) AsksIndex(ctx context.Context, word string) (bool, error) {
	n, err := s.listed(ctx, word)
	return n <= s.limits.mostListed, err
}
