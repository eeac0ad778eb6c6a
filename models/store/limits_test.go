package store

// SmallLimits has searches go in few issues all the ways that they go in many.
func (s *Store) SmallLimits() {
	s.limits = searchLimits{
		walkBatch: 4, walkFirst: 4, mostShare: 0.3, walkCommon: 2, walkMost: 12, mostRows: 12, mostOctets: 400, mostFresh: 200, fewIssues: 3,
		manyIssues: 5, scanBatch: 8, scanPart: 2, mostScanned: 24,
	}
}

// RoomyIndex has searches ask the index for every word, however common it is.
func (s *Store) RoomyIndex() {
	s.limits.mostRows, s.limits.mostOctets, s.limits.mostFresh = 100_000, 1<<20, 100_000
}

// AskAtOnce has searches ask the index after one issue of the list.
func (s *Store) AskAtOnce() { s.limits.walkFirst, s.limits.walkCommon = 1, 2 }
