/** Stylesheets are imported for the bundler to find them; nothing comes back. */
declare module '*.css';
