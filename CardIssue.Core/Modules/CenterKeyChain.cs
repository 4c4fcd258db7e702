using System.Formats.Cbor;
using CardIssue.Core.Keys;
using CardIssue.Core.Primitives;
using CardIssue.Core.Protocol.Messages;

namespace CardIssue.Core.Modules;

/// <summary>
/// Which keys a terminal knows its center by: those of the identity that was brought to it, or later ones, each told under those before and then
/// proved; and the next ones, when they are told. Statements, how many of them were proved, and which set is tried next are in a small file, which
/// needs no secrecy and no seal: who writes into it takes sets away, and brings none. What is proved stays proved, also where it could not be written. From several threads.
/// </summary>
internal sealed class CenterKeyChain
{
    /// <summary>The most statements that are kept.</summary>
    public const int MaxStatements = 64;

    private const int MaxLength = 16 + MaxStatements * (3 + FieldLimits.MaxCenterKeys);

    private readonly Lock _turn = new();
    private readonly string _path;
    private readonly CenterIdentity _brought;
    private List<Told> _told = [];
    private int _proved;
    private bool _presentIsDue, _isWritten = true;

    /// <summary>Reads the file, where it is there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="brought">The center's identity as it was brought to the terminal. Statements that do not go on from its keys count for nothing.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public CenterKeyChain(string path, CenterIdentity brought)
    {
        ArgumentNullException.ThrowIfNull(brought);
        (_path, _brought) = (path, brought);
        Read();
    }

    /// <summary>A set that was told, as it came.</summary>
    private sealed record Told(CenterKeys Keys, CenterIdentity Identity, ByteString Bytes);

    /// <summary>The center by the latest keys that were proved.</summary>
    public CenterIdentity Present
    {
        get
        {
            lock (_turn) return At(_proved);
        }
    }

    /// <summary>The center by the keys that were told to follow; null when none were.</summary>
    public CenterIdentity? Next
    {
        get
        {
            lock (_turn) return _told.Count > _proved ? At(_told.Count) : null;
        }
    }

    /// <summary>
    /// The center by the keys that an admission is to try: the next ones first; where no center proved them the last time, by this program or another
    /// one, the present ones in turn.
    /// </summary>
    public CenterIdentity Due
    {
        get
        {
            lock (_turn) return _presentIsDue ? At(_proved) : At(_told.Count);
        }
    }

    /// <summary>The center by all keys that it has, is going to have or had: what was kept may be signed by any of them.</summary>
    public IReadOnlyList<CenterIdentity> Known
    {
        get
        {
            lock (_turn) return [_brought, .. _told.Select(told => told.Identity)];
        }
    }

    /// <summary>The number of the latest keys that were proved; 0 for those that were brought.</summary>
    public int Number
    {
        get
        {
            lock (_turn) return _proved == 0 ? 0 : _told[_proved - 1].Keys.Number;
        }
    }

    /// <summary>Takes what another program of this terminal wrote meanwhile; what this one knows stays where there is nothing newer.</summary>
    public void Refresh()
    {
        lock (_turn)
        {
            try
            {
                Read();
            }
            catch (IOException)
            {
                // What is known here is as good as it was.
            }
        }
    }

    /// <summary>Keeps what the center tells, durably, if it is said under the latest keys that were proved, and is later than all that is kept.</summary>
    /// <param name="statement">What came with <see cref="Witness"/>.</param>
    /// <returns>False when it is not this center's, or an older one that would be another now; nothing was changed.</returns>
    /// <exception cref="IOException">It could not be kept; what was kept stands.</exception>
    public bool Keep(ByteString statement)
    {
        lock (_turn)
        {
            Read();
            var present = At(_proved);
            if (!CenterKeys.TryVerify(statement, present, out var keys)) return false;
            var latest = _told.Count == 0 ? null : _told[^1].Keys;
            if (latest == keys) return true;
            if (keys.Number <= (latest?.Number ?? 0) || _proved == MaxStatements) return false;
            // One that was told before and never proved is made anew.
            List<Told> told = [.. _told.Take(_proved), new Told(keys, IdentityOf(keys), statement)];
            _presentIsDue = false;
            Write(told, _proved);
            _told = told;
            return true;
        }
    }

    /// <summary>The terminal proved its keys to the center by these: where those of the center are not proved to it, the others are due.</summary>
    public void Tried(CenterIdentity center)
    {
        lock (_turn) TakeTurn(_told.Count > _proved && center == At(_told.Count));
    }

    /// <summary>The center proved these keys: where they are the next ones, the terminal knows it by nothing earlier from now on.</summary>
    public void Proved(CenterIdentity center)
    {
        lock (_turn)
        {
            var at = _told.FindIndex(told => told.Identity == center) + 1;
            if (at > _proved) (_proved, _isWritten) = (at, false);
            TakeTurn(false);
        }
    }

    /// <summary>Written where it is another's. What cannot be written counts in this process, and is written with the next admission: a full disk stops
    /// no card.</summary>
    private void TakeTurn(bool presentIsDue)
    {
        (_presentIsDue, _isWritten) = (presentIsDue, _isWritten && presentIsDue == _presentIsDue);
        if (_isWritten) return;
        try
        {
            Write(_told, _proved);
            _isWritten = true;
        }
        catch (IOException)
        {
            // As it says.
        }
    }

    private CenterIdentity At(int place) => place == 0 ? _brought : _told[place - 1].Identity;

    private CenterIdentity IdentityOf(CenterKeys keys) => _brought with { SigningKey = keys.SigningKey, AgreementKey = keys.AgreementKey };

    /// <summary>An array: how many statements were proved, whether the present keys are due though there are next ones, then the statements, the oldest
    /// first.</summary>
    private void Write(List<Told> told, int proved)
    {
        var cbor = new CborWriter(CborConformanceMode.Ctap2Canonical);
        cbor.WriteStartArray(2 + told.Count);
        cbor.WriteInt32(proved);
        cbor.WriteBoolean(_presentIsDue);
        foreach (var statement in told) cbor.WriteByteString(statement.Bytes.Span);
        cbor.WriteEndArray();
        DurableFile.Write(_path, cbor.Encode(), overwrite: true);
    }

    /// <summary>What is none of these counts for nothing: whoever can write the file can as well delete it. It never takes back what was proved here.</summary>
    private void Read()
    {
        if (DurableFile.Read(_path, MaxLength) is not { } content) return;
        try
        {
            var (told, proved, presentIsDue) = Read(new CborReader(content, CborConformanceMode.Ctap2Canonical));
            if (proved < _proved || (_proved > 0 && told[_proved - 1].Keys != _told[_proved - 1].Keys)) return;
            (_told, _proved, _presentIsDue) = (told, proved, presentIsDue);
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException or OverflowException)
        {
            // As if it were not there.
        }
    }

    /// <summary>Those that the identity's keys, or a later one's, vouch for; each is later than the one before.</summary>
    private (List<Told> Told, int Proved, bool PresentIsDue) Read(CborReader cbor)
    {
        var (told, proved) = (new List<Told>(), 0);
        var center = _brought;
        var left = (cbor.ReadStartArray() ?? 0) - 2;
        var provedLeft = cbor.ReadInt32();
        var presentIsDue = cbor.ReadBoolean();
        for (; left > 0; left--, provedLeft--)
        {
            var bytes = ByteString.Own(cbor.ReadByteString());
            if (!CenterKeys.TryVerify(bytes, center, out var keys) || (told.Count > 0 && keys.Number <= told[^1].Keys.Number)) continue;
            center = IdentityOf(keys);
            told.Add(new Told(keys, center, bytes));
            if (provedLeft > 0) proved = told.Count;
            // Behind one that was not proved there is none.
            else break;
        }
        return (told, proved, presentIsDue);
    }
}
