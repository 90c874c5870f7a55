/**
 * For pm2: `pm2 start ecosystem.config.js`, after `npm install && npm run setup`.
 * The named export is what pm2 looks for; it loads this ES module with require(), which Node can do since 20.19.
 */
export const apps = [
  {
    name: 'whatsapp-server',
    script: 'dist/main.js',
    // `.env`, auth_sessions/ and data/ are found here, wherever pm2 is called from.
    cwd: import.meta.dirname,

    // One process: two of them would fight for every organization's connection. In fork mode `reload` is `restart`, so
    // the old process has ended before the new one logs in; in cluster mode it would not have.
    exec_mode: 'fork',
    instances: 1,
    watch: false,

    // Ready means listening; the sessions follow (GET /health/ready). A start takes about a second.
    wait_ready: true,
    listen_timeout: 15_000,
    // A stop (SIGINT) ends within 5 s; only then SIGKILL, which costs no keys either.
    kill_timeout: 6_000,

    // About 150 MB and 1.1 MB per organization.
    max_memory_restart: '1G',

    // After a crash: 0.2 s, then half as long again each time, up to 15 s.
    exp_backoff_restart_delay: 200,
    // Every start logs every organization in, and login storms get numbers banned: after 15 crashes in a row a person
    // has to look.
    min_uptime: 30_000,
    max_restarts: 15,
    // EX_CONFIG: the configuration is wrong (the sentence in the error log names the variable); trying again would not
    // help. pm2 7 goes on to show `waiting restart` for a process that it has given up, here and after max_restarts;
    // pid 0 tells the truth.
    stop_exit_codes: [78],

    // whatsapp-server-out.log and -error.log, without a number in the name.
    merge_logs: true,
    // pm2's own probe listens to the process's errors and prints them whole; this service logs its own, without
    // secrets.
    pmx: false,
  },
];
