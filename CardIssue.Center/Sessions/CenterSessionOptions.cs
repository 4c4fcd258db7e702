using CardIssue.Core.Protocol;
using CardIssue.Core.Protocol.Center;

namespace CardIssue.Center.Sessions;

/// <summary>What the center's sessions may be told; validated when a server is made.</summary>
public sealed class CenterSessionOptions
{
    /// <summary>From line up to admission: two round trips and a signature.</summary>
    public TimeSpan Admission { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>From the admission of a half of a split line to its being joined to the other: how long a join token is good.</summary>
    public TimeSpan Join { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Until a card is inserted.</summary>
    public TimeSpan CardWait { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>For a sign of life in a script; longer than the slowest card command.</summary>
    public TimeSpan Script { get; set; } = TimeSpan.FromSeconds(90);

    /// <summary>Until an issued card is taken out.</summary>
    public TimeSpan Removal { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>Between orders; the terminal asks for access anew after it.</summary>
    public TimeSpan Idle { get; set; } = TimeSpan.FromHours(12);

    /// <summary>How often a session renews the lease of its order; well below the store's lease.</summary>
    public TimeSpan LeaseRenewal { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// How long a session waits for a database server that is away before it gives its order up; what it was at is then in doubt, and is settled when the
    /// order is begun again.
    /// </summary>
    public TimeSpan StoreAway { get; set; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// Where several hosts serve from one store: how often each gives a sign of life.
    /// </summary>
    public TimeSpan HostBeat { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How long a host may give none until the others take it for dead, and its orders over: at least four times <see cref="HostBeat"/>. Less lets a host
    /// that is only slow lose orders that its sessions are at; their cards are opened anew then.
    /// </summary>
    public TimeSpan HostLost { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How often a signed checkpoint of the log is made.</summary>
    public TimeSpan Checkpoint { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>After how many entries of the log one is made sooner.</summary>
    public int CheckpointEntries { get; set; } = 10_000;

    /// <summary>Attempts per record, and at the closing.</summary>
    public int MaxAttempts { get; set; } = 3;

    /// <summary>Cards that may be refused per request.</summary>
    public int MaxCards { get; set; } = 5;

    /// <summary>Openings of cards per claim.</summary>
    public int MaxOpenings { get; set; } = 12;

    /// <summary>Sessions of admitted terminals at once; further lines are closed.</summary>
    public int MaxSessions { get; set; } = 1_000;

    /// <summary>
    /// The same of one terminal, which needs one, or two on a split line, and leaves some behind when its line breaks; for a further one its oldest ends. So no terminal takes the others' places.
    /// </summary>
    public int MaxSessionsPerTerminal { get; set; } = 8;

    /// <summary>Lines whose terminal is not admitted yet; for a further one the longest of the place with the most is closed.</summary>
    public int MaxUnadmitted { get; set; } = 256;

    /// <summary>The same from one place: an IPv4 address, an IPv6 network of 64 bits.</summary>
    public int MaxUnadmittedPerPlace { get; set; } = 64;

    /// <summary>
    /// How often the server looks for terminals that were changed or disabled meanwhile, whose sessions end then even when they say nothing. A message leaves for none of them before that: each session looks for itself.
    /// </summary>
    public TimeSpan RegistryLook { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>The longest <see cref="RegistryLook"/>: the commands of a script that is under way must not go on for longer.</summary>
    public static readonly TimeSpan MaxRegistryLook = TimeSpan.FromSeconds(10);

    /// <summary>Checks every value.</summary>
    /// <exception cref="ArgumentException">A value is out of range; the message names it.</exception>
    internal void Validate()
    {
        Time(Admission, nameof(Admission));
        Time(Join, nameof(Join));
        Time(CardWait, nameof(CardWait));
        Time(Script, nameof(Script));
        Time(Removal, nameof(Removal));
        Time(Idle, nameof(Idle));
        Time(LeaseRenewal, nameof(LeaseRenewal));
        Time(StoreAway, nameof(StoreAway));
        Time(HostBeat, nameof(HostBeat));
        Time(HostLost, nameof(HostLost));
        if (HostLost < 4 * HostBeat) throw new ArgumentException($"{nameof(HostLost)} is at least four times {nameof(HostBeat)} ({HostBeat}); it is {HostLost}.");
        Time(Checkpoint, nameof(Checkpoint));
        Count(CheckpointEntries, 1, 10_000_000, nameof(CheckpointEntries));
        Count(MaxAttempts, 1, 10, nameof(MaxAttempts));
        Count(MaxCards, 1, 100, nameof(MaxCards));
        Count(MaxOpenings, 1, 100, nameof(MaxOpenings));
        Count(MaxSessions, 1, 100_000, nameof(MaxSessions));
        Count(MaxSessionsPerTerminal, 2, 100_000, nameof(MaxSessionsPerTerminal));
        Count(MaxUnadmitted, 1, 100_000, nameof(MaxUnadmitted));
        Count(MaxUnadmittedPerPlace, 1, 100_000, nameof(MaxUnadmittedPerPlace));
        if (RegistryLook <= TimeSpan.Zero || RegistryLook > MaxRegistryLook) throw new ArgumentException($"{nameof(RegistryLook)} is more than zero and at most {MaxRegistryLook}; it is {RegistryLook}.");
    }

    /// <summary>The oldest protocol version served; no setting, but the program's own.</summary>
    internal int OldestVersion { get; set; } = ProtocolVersions.Oldest;

    /// <summary>The newest protocol version served, likewise.</summary>
    internal int CurrentVersion { get; set; } = ProtocolVersions.Current;

    internal CenterPolicy Policy => new(MaxAttempts, MaxCards, MaxOpenings, OldestVersion, CurrentVersion);

    internal TimeSpan Of(CenterTimer timer) => timer switch
    {
        CenterTimer.Admission => Admission,
        CenterTimer.Join => Join,
        CenterTimer.Card => CardWait,
        CenterTimer.Script => Script,
        CenterTimer.Removal => Removal,
        CenterTimer.Idle => Idle,
    };

    private static void Time(TimeSpan value, string name)
    {
        if (value <= TimeSpan.Zero || value > TimeSpan.FromDays(7)) throw new ArgumentException($"{name} is more than zero and at most seven days; it is {value}.");
    }

    private static void Count(int value, int least, int most, string name)
    {
        if (value < least || value > most) throw new ArgumentException($"{name} is {least} to {most}; it is {value}.");
    }
}
