"""Parts of the Projects page: forms to create, edit and delete projects; project zips; import from Azure."""
