// Package runs lists and cleans the directories of studies, stackings and
// trainings. [Find] lists them with their sizes, and [PlanCleaning] lists what
// a complete one no longer needs.
//
// It only reads files: it opens no backend and trains nothing.
package runs
