using CardIssue.Testing.Cards.Apdu;
using CardIssue.Testing.Cards.State;

namespace CardIssue.Testing.Cards;

/// <summary>
/// A GlobalPlatform card with SCP03: bytes in, bytes out, synchronous, no clock. Each command's change of the persistent state is
/// atomic: it is saved as a whole before the answer leaves, or not at all. Not safe for concurrent calls.
/// </summary>
public sealed class CardSimulator
{
    private readonly CardMemory _memory;
    private readonly string? _path;
    private readonly CardProtocol? _protocol;
    private readonly ResponseBuffer _responses = new();
    private PowerCut? _cut;

    private CardSimulator(CardState state, string? path, Func<int, byte[]>? challenges, CardProtocol? protocol)
    {
        _memory = new CardMemory(state, challenges);
        _path = path;
        _protocol = protocol;
    }

    /// <summary>A card that lives in memory; or in the file at <paramref name="path"/>, which is written now.</summary>
    /// <param name="challenges">Gives the random card challenge of a card with i=60 (a length in bytes to that many bytes); null for real randomness.</param>
    public static CardSimulator Create(CardState state, string? path = null, Func<int, byte[]>? challenges = null)
    {
        if (path is not null) StateFile.Save(path, state);
        return new CardSimulator(state, path, challenges, null);
    }

    /// <summary>The card that a state file holds.</summary>
    /// <param name="protocol">What to speak instead of the protocol that the file names.</param>
    /// <exception cref="IOException">The file can't be read.</exception>
    /// <exception cref="InvalidDataException">The file is no state file.</exception>
    public static CardSimulator Open(string path, CardProtocol? protocol = null) => new(StateFile.Load(path), path, null, protocol);

    /// <summary>The persistent state as it stands now.</summary>
    public CardState State => _memory.State;

    /// <summary>Answer to reset of this card.</summary>
    public byte[] Atr => AnswerToReset.Of(Protocol);

    /// <summary>The transmission protocol that it offers.</summary>
    public CardProtocol Protocol => _protocol ?? State.Protocol;

    /// <summary>Whether the card has power; only a powered card answers.</summary>
    public bool IsPowered { get; private set; }

    /// <summary>How many commands came since the card was made, those that a cut swallowed among them.</summary>
    public int Commands { get; private set; }

    /// <summary>
    /// T=0: tells a warning (62xx, 63xx) at once, and GET RESPONSE then fetches the data that belongs to it (ISO 7816-3 12.2). Otherwise
    /// 61xx comes first,
    /// and the warning with the data. Real cards do either.
    /// </summary>
    public bool WarnsFirst { get; set; }

    /// <summary>Cold reset: selection, channel and half-done work are gone. Returns the answer to reset.</summary>
    public byte[] Reset()
    {
        _memory.Reset();
        _responses.Clear();
        IsPowered = true;
        return Atr;
    }

    /// <summary>Takes the power away; what is persistent stays.</summary>
    public void PowerOff()
    {
        _memory.Reset();
        _responses.Clear();
        IsPowered = false;
    }

    /// <summary>Arms a power cut. The last one armed counts; null disarms.</summary>
    public void CutPower(PowerCut? cut) => _cut = cut;

    /// <summary>Executes one command APDU.</summary>
    /// <returns>The response APDU; empty when the card has no power, or lost it on this command.</returns>
    public byte[] Transmit(ReadOnlySpan<byte> command)
    {
        if (!IsPowered) return [];
        Commands++;
        var moment = CountDown();
        if (moment == CutMoment.BeforeExecution)
        {
            PowerOff();
            return [];
        }
        var response = _responses.TryServe(command, Protocol) ?? Execute(command);
        if (moment != CutMoment.BeforeResponse) return response;
        PowerOff();
        return [];
    }

    /// <summary>What the card holds, out of band: no command, no access rule.</summary>
    public CardInspection Inspect() => CardInspection.Of(State);

    private byte[] Execute(ReadOnlySpan<byte> bytes)
    {
        if (Command.TryParse(bytes) is not { } command) return new Reply(Sw.WrongLength).ToBytes();
        var before = State;
        try
        {
            var reply = CommandRouter.Execute(_memory, command);
            if (_path is not null && !ReferenceEquals(before, State)) StateFile.Save(_path, State);
            return _responses.Deliver(command, reply, Protocol, WarnsFirst);
        }
        catch
        {
            // A bug of the simulator or a disk that is full: the command must not have happened by half.
            _memory.State = before;
            throw;
        }
    }

    private CutMoment? CountDown()
    {
        if (_cut is not { } cut) return null;
        _cut = cut.AtCommand == 1 ? null : cut with { AtCommand = cut.AtCommand - 1 };
        return _cut is null ? cut.Moment : null;
    }
}

/// <summary>When the power goes.</summary>
public enum CutMoment
{
    /// <summary>The command never ran.</summary>
    BeforeExecution,
    /// <summary>The command ran and its change is kept, but nobody hears the answer.</summary>
    BeforeResponse,
}

/// <summary>A power cut to come.</summary>
/// <param name="AtCommand">At which command from now: 1 is the next one.</param>
public sealed record PowerCut(int AtCommand, CutMoment Moment)
{
    /// <summary>At which command from now, from 1.</summary>
    public int AtCommand { get; init; } = AtCommand >= 1
        ? AtCommand : throw new ArgumentOutOfRangeException(nameof(AtCommand), AtCommand, "The next command is number 1.");
}
