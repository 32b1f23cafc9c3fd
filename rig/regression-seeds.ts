/** Seeds whose life once went wrong, by a defect of the product, of the simulator or of the rig. */
export const regressionSeeds: readonly number[] = [
  51, 20_014, 20_024, 100_020, 100_022, 100_042, 100_175, 100_241, 100_253, 100_330, 100_366, 100_770, 100_988, 101_060,
  101_164, 200_002, 200_003, 200_004, 200_005, 200_013, 200_015, 200_039, 200_069, 200_100, 200_125, 200_135, 200_154,
  200_237, 200_259, 200_296, 200_323, 200_335, 200_355, 200_440, 200_460, 200_494, 200_542, 200_685, 200_718, 300_005,
  300_008, 300_019, 1_000_003, 1_000_013, 1_000_018, 1_000_019, 1_000_025, 1_000_026, 1_300_036, 1_300_064, 1_300_129,
  1_300_177, 1_300_317, 1_300_370, 1_400_028, 1_400_040, 1_400_101, 1_400_104, 1_400_105, 1_400_135, 1_400_144,
  1_400_153, 1_400_176, 1_400_186, 1_400_192, 1_400_205, 1_500_015, 1_500_076, 1_500_082, 1_700_057, 1_700_095,
]

/** Those of before further kinds were mirrored: they live on with the core alone, which is the life that went wrong. */
export const coreRegressionSeeds: readonly number[] = [10_003, 505, 10_014, 601, 20_034]

/** Drills that once went wrong, likewise. */
export const drillRegressionSeeds = { throttled: [69, 78] } as const
