package store

// searchLimits say when a search goes which way. They decide how long it takes and never what it finds.
type searchLimits struct {
	walkBatch   int     // Issues whose texts are read at a time.
	walkFirst   int     // The same for the first time.
	walkCommon  int     // Hits among these that make words common: going on costs less than the index.
	walkMost    int     // Issues that are read before the index is asked after all.
	mostRows    int     // Rows of the index that are read for a word or its beginning; one with more is not asked for.
	mostOctets  int     // The same in octets.
	mostFresh   int     // Texts that are not in the index yet and can be looked through; with more the index is not asked.
	mostShare   float64 // Terms that so many of the issues have together are not asked of the index when there are others.
	fewIssues   int     // So many are looked through for the other words sooner than the index is asked for them.
	manyIssues  int     // So many are not looked up one by one to be put in order.
	scanBatch   int     // Entries of the index of an order that are read at a time.
	scanPart    int     // The same for the first time where the lists of projects and states are merged.
	mostScanned int     // Entries after which they are looked up after all.
}

func usualLimits() searchLimits {
	return searchLimits{
		walkBatch: 100, walkFirst: 50, walkCommon: 15, walkMost: 300, mostRows: 30_000, mostOctets: 24 << 20, mostFresh: 5000, mostShare: 0.3, fewIssues: 100,
		manyIssues: 3000, scanBatch: 2000, scanPart: 200, mostScanned: 20_000,
	}
}
