// Package result contains the outcomes of studies, stackings and trainings as
// files, and analyzes them: correlations, picks, noise, comparisons, warnings
// and a verdict.
//
// Nothing here trains: the analysis depends only on the outcomes. [Study.Again]
// repeats the analysis of a file and gives the same bytes.
//
// The definitions of lag time and regret are this project's own, not the paper's.
package result
