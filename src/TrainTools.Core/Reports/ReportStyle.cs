namespace TrainTools.Core.Reports;

/// <summary>How reports look, in light and in dark.</summary>
internal static class ReportStyle
{
    /// <summary>Colours of curves, the same in every renderer.</summary>
    public static readonly string[] Colors = ["#2f6fb7", "#d1662c", "#2a9d6f", "#9b59b6", "#c0a020", "#d1477a", "#5f6b7a", "#17a2b8"];

    public static string Css { get; } = """
        :root { color-scheme: light dark; --line: #8884; --soft: #8881; --bad: #c0392b; --warn: #c98a12; --info: #5f7fa3; }
        body { font: 15px/1.5 system-ui, sans-serif; max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
        h1 { font-size: 1.6rem; overflow-wrap: anywhere; } h2 { font-size: 1.15rem; margin-top: 2.2rem; } h3 { font-size: 1rem; margin: .2rem 0; } h3 small { font-weight: normal; }
        table { border-collapse: collapse; max-width: 100%; } th, td { text-align: left; padding: .25rem .7rem; border-bottom: 1px solid var(--line); vertical-align: top; }
        td.n, th.n { text-align: right; font-variant-numeric: tabular-nums; } .best td, td.best { font-weight: 600; }
        .tiles { display: flex; gap: .8rem; flex-wrap: wrap; } .tile { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem; } .tile b { display: block; font-size: 1.25rem; }
        .charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(34rem, 100%), 1fr)); gap: .5rem 1.5rem; } figure { margin: 0; } .compare { margin-bottom: 1.5rem; }
        .diagnosis { border-left: .3rem solid var(--info); padding: .3rem .9rem; margin: .7rem 0; background: var(--soft); } .diagnosis.warning { border-color: var(--warn); } .diagnosis.error { border-color: var(--bad); }
        .diagnosis p { margin: .25rem 0; } .number { display: inline-block; min-width: 1.4em; text-align: center; border-radius: 1em; background: var(--soft); border: 1px solid var(--line); margin-right: .5em; }
        .note { border-left: .3rem solid var(--info); padding: .2rem .8rem; background: var(--soft); margin: .4rem 0; } .note.bad { border-color: var(--bad); }
        pre { white-space: pre-wrap; overflow-wrap: anywhere; background: var(--soft); padding: .5rem .8rem; } code { overflow-wrap: anywhere; } td:first-child code { white-space: nowrap; } small { opacity: .75; } details { margin: .3rem 0; }
        svg { width: 100%; height: auto; font: 11px system-ui, sans-serif; } svg text { fill: currentColor; opacity: .8; } svg .title { font-size: 13px; font-weight: 600; opacity: 1; }
        svg .y, svg .end { text-anchor: end; } svg .x { text-anchor: middle; } svg .grid { stroke: currentColor; opacity: .12; } svg .axis { stroke: currentColor; opacity: .5; }
        svg path { fill: none; stroke-width: 1.6; stroke-linejoin: round; } svg .raw { stroke-width: .8; opacity: .38; } svg .key { stroke-width: 2.5; } svg .level { stroke: currentColor; stroke-dasharray: 5 4; opacity: .55; }
        svg .mark rect { opacity: .1; } svg .mark line { stroke-dasharray: 2 3; } svg .mark text { text-anchor: middle; fill: #fff; opacity: 1; }
        svg .info rect, svg .info circle { fill: var(--info); } svg .warning rect, svg .warning circle { fill: var(--warn); } svg .error rect, svg .error circle { fill: var(--bad); }
        svg .info line { stroke: var(--info); } svg .warning line { stroke: var(--warn); } svg .error line { stroke: var(--bad); }
        """ + string.Concat(Colors.Select((c, i) => $" svg .c{i} {{ stroke: {c}; }} svg circle.c{i} {{ fill: {c}; stroke: none; }}"));
}
