/** Why a row that the config file names so stays out. */
export const whyNever = 'it must not come back ("never" in the config file)'
