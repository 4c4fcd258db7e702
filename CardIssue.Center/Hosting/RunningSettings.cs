using System.Reflection;
using CardIssue.Center.Feed;
using CardIssue.Center.Issuers;
using CardIssue.Center.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace CardIssue.Center.Hosting;

/// <summary>What became of settings that were changed.</summary>
/// <param name="Taken">Those that are in force now, by name: <c>Orders:Lease</c>.</param>
/// <param name="AtNextStart">Those that count from the host's next start.</param>
public sealed record SettingsChange(IReadOnlyList<string> Taken, IReadOnlyList<string> AtNextStart);

/// <summary>
/// The settings of a center that runs, and may be given others meanwhile. All of its parts read theirs where they use them, so a changed limit
/// or time counts from then on; what is taken for a session (attempts, cards, openings, the lease's renewal) from the next session on.
/// </summary>
public sealed class RunningSettings(
    IOptions<CenterOptions> options, CenterDatabase database, IIssuers issuers, FeedPumps feeds, TimeProvider time, ILogger<RunningSettings>? logger = null)
{
    private readonly SemaphoreSlim _turn = new(1, 1);

    /// <summary>What something was built with that stays as long as the host runs: its name, files, connections, rooms and clocks.</summary>
    internal static readonly IReadOnlySet<string> FromStart = new HashSet<string>
    {
        "Host", "VaultFile", "Store:Directory", "Store:GenerationFile", "Store:Postgres", "Store:BusyTimeout", "Store:MaxWaiting", "Store:MaxBatch",
        "Log:Directory", "Admission:Window", "Sessions:Join", "Sessions:HostBeat", "Sessions:HostLost", "Sessions:RegistryLook",
        "Sessions:MaxUnadmitted", "Sessions:MaxUnadmittedPerPlace",
    };

    /// <summary>Takes changed settings: all of them, or none. The log says which, without their values.</summary>
    /// <param name="next">All settings, as a start would have them now.</param>
    /// <param name="cancellation">Ends the wait.</param>
    /// <exception cref="OptionsValidationException">A value is out of its range, or an issuer's feed is of nobody's: those of before stay in force.</exception>
    /// <exception cref="IOException">What a feed's settings name can't be read, or the store can't be written: the same.</exception>
    public async Task<SettingsChange> TakeAsync(CenterOptions next, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(next);
        await CheckAsync(next, cancellation).ConfigureAwait(false);
        await _turn.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            var changed = Differences(options.Value, next, "").ToLookup(it => FromStart.Contains(it.Name));
            var change = new SettingsChange(Names(changed[false]), Names(changed[true]));
            if (change is { Taken.Count: 0, AtNextStart.Count: 0 }) return change;
            var host = options.Value.Host;
            await database.WriteAsync(
                store => store.Log("settings", "SettingsChanged", new { host, taken = change.Taken, atNextStart = change.AtNextStart }), cancellation)
                .ConfigureAwait(false);
            foreach (var setting in changed[false]) setting.Take();
            feeds.TryNow();
            if (logger is not null && change.Taken.Count > 0) OperationLog.SettingsTaken(logger, string.Join(", ", change.Taken));
            if (logger is not null && change.AtNextStart.Count > 0) OperationLog.SettingsLater(logger, string.Join(", ", change.AtNextStart));
            return change;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>All that may be set, by name.</summary>
    internal static IEnumerable<string> NamesOf(Type type, string path = "") => Settable(type).SelectMany(property =>
        IsGroup(property.PropertyType) ? NamesOf(property.PropertyType, $"{path}{property.Name}:") : [path + property.Name]);

    /// <summary>
    /// Where an issuer is told whom nobody knows is a slip of somebody's, and the right one's events would go elsewhere. What the feeds name is
    /// read at once: not at the first event of the night.
    /// </summary>
    /// <exception cref="OptionsValidationException">There is one.</exception>
    /// <exception cref="IOException">A secret or a certificate of a feed is not there, can't be read, or is none.</exception>
    internal static async Task CheckFeedsAsync(CenterOptions options, IIssuers issuers, TimeProvider time, CancellationToken cancellation)
    {
        if (options.IssuerFeeds.Count > 0)
        {
            var known = await issuers.ListAsync(cancellation).ConfigureAwait(false);
            var unknown = options.IssuerFeeds.Keys.Except(known.Select(issuer => issuer.Issuer.Value), StringComparer.OrdinalIgnoreCase).FirstOrDefault();
            if (unknown is not null)
                throw Wrong($"{nameof(CenterOptions.IssuerFeeds)} names {unknown}, and there is no such issuer; see issuer list");
        }
        foreach (var feed in options.IssuerFeeds.Values.Append(options.Feed).Where(feed => feed.IsPosted))
        {
            using var made = new WebhookFeed(feed, time);
            made.CheckSecret();
        }
    }

    private async Task CheckAsync(CenterOptions next, CancellationToken cancellation)
    {
        if (new CenterOptionsValidation().Validate(null, next) is { Failed: true } wrong) throw Wrong([.. wrong.Failures]);
        await CheckFeedsAsync(next, issuers, time, cancellation).ConfigureAwait(false);
    }

    private static OptionsValidationException Wrong(params string[] failures) => new(nameof(CenterOptions), typeof(CenterOptions), failures);

    private static IEnumerable<Setting> Differences(object now, object next, string path)
    {
        foreach (var property in Settable(now.GetType()))
        {
            var (before, after) = (property.GetValue(now), property.GetValue(next));
            var name = path + property.Name;
            // A feed is made anew as a whole: an event never goes to one address with the secret of another.
            Action take = () => property.SetValue(now, after);
            var changed = before switch
            {
                Dictionary<string, FeedOptions> feeds =>
                    OfFeeds(feeds, (Dictionary<string, FeedOptions>)after!, name).Select(one => new Setting(one, take)),
                FeedOptions feed => Differences(feed, after!, $"{name}:").Select(one => one with { Take = take }),
                _ when IsGroup(property.PropertyType) => Differences(before!, after!, $"{name}:"),
                _ => Equals(before, after) ? [] : [new Setting(name, take)],
            };
            foreach (var one in changed) yield return one;
        }
    }

    private static IEnumerable<string> OfFeeds(Dictionary<string, FeedOptions> before, Dictionary<string, FeedOptions> after, string name) =>
        before.Keys.Union(after.Keys, StringComparer.OrdinalIgnoreCase)
            .SelectMany(issuer => (before.GetValueOrDefault(issuer), after.GetValueOrDefault(issuer)) switch
        {
            ({ } one, { } other) => Differences(one, other, $"{name}:{issuer}:").Select(setting => setting.Name),
            _ => [$"{name}:{issuer}"],
        });

    private static string[] Names(IEnumerable<Setting> settings) => [.. settings.Select(setting => setting.Name)];

    private static IEnumerable<PropertyInfo> Settable(Type type) => type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property =>
        property.SetMethod is { IsPublic: true } && !typeof(Delegate).IsAssignableFrom(property.PropertyType)
        // It follows from the host's name.
        && (type, property.Name) != (typeof(LogOptions), nameof(LogOptions.Instance)));

    private static bool IsGroup(Type type) => type is { IsClass: true, IsGenericType: false } && type != typeof(string);

    /// <summary>One that is other than before, and how it comes into force.</summary>
    private sealed record Setting(string Name, Action Take);
}
