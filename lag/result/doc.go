// Package result is what experiments came to: the outcomes of studies, stackings
// and trainings, as files, and what follows from them: correlations, picks,
// noise, comparisons, warnings and a verdict.
//
// Nothing here trains: a result is a function of what is on disk. [Study.Again]
// analyzes a study's file once more and comes to the same bytes.
//
// The definitions of lag time and regret are this project's own, not the paper's.
package result
