/** Seeds whose life once went wrong: each stays here after what was wrong is mended. */
export const regressionSeeds: readonly number[] = [10_003, 505, 10_014, 601]
