"""HTTP: uploads come in, jobs go to the store, results go out. Nothing is decoded, analysed or rendered here."""
