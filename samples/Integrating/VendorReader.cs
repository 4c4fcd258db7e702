using CardIssue.Core.Cards;
using CardIssue.Core.Primitives;

namespace CardIssue.Integrating;

// guide: own reader
/// <summary>A device as its vendor's library may show it: blocking calls, and nothing that tells of cards.</summary>
public interface IVendorDevice
{
    string SerialNumber { get; }

    /// <summary>Whether a card is in.</summary>
    bool HasCard { get; }

    /// <summary>Powers the card off and on. Its answer to reset.</summary>
    byte[] PowerOn();

    /// <summary>Sends a command APDU, and gets the response with its status word.</summary>
    byte[] Exchange(byte[] command);
}

/// <summary>That device as a reader of a terminal.</summary>
public sealed class VendorReader(IVendorDevice device) : ICardReader
{
    private static readonly TimeSpan LookPause = TimeSpan.FromMilliseconds(100);

    // Asked anew each time: what the center compares with its list. What the device does not tell stays null.
    public ValueTask<ReaderIdentity> IdentifyAsync(CancellationToken cancellation) =>
        ValueTask.FromResult(new ReaderIdentity("vendor", "at the counter", "Vendor", "Model 1", device.SerialNumber));

    public async ValueTask<ByteString> WaitForCardAsync(CancellationToken cancellation)
    {
        while (!device.HasCard) await Task.Delay(LookPause, cancellation);
        // One in the wrong way round is there and says nothing: the operator is told, and its removal waited for.
        return ByteString.Own(Call(device.PowerOn, CardFault.Mute));
    }

    public async ValueTask WaitForRemovalAsync(CancellationToken cancellation)
    {
        while (device.HasCard) await Task.Delay(LookPause, cancellation);
    }

    public async ValueTask<ICardConnection> ConnectAsync(CancellationToken cancellation)
    {
        var card = new VendorCard(device);
        await card.ResetAsync(cancellation);
        return card;
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    /// <summary>Whatever the device throws is told as what became of the card.</summary>
    internal static T Call<T>(Func<T> call, CardFault fault = CardFault.Removed)
    {
        try
        {
            return call();
        }
        catch (IOException e) when (e is not CardException)
        {
            throw new CardException(fault, "The card did not answer; put it in again.", e);
        }
    }
}

/// <summary>The card that is in it.</summary>
internal sealed class VendorCard(IVendorDevice device) : ICardConnection
{
    public ByteString Atr { get; private set; }

    public TransmissionProtocol Protocol => TransmissionProtocol.T1;

    public async ValueTask<int> TransmitAsync(
        ReadOnlyMemory<byte> command, Memory<byte> response, CancellationToken cancellation)
    {
        // The calls block: on a thread of the pool, and left behind where nobody waits any more.
        var sending = Task.Run(() => VendorReader.Call(() => device.Exchange(command.ToArray())), cancellation);
        var answer = await sending.WaitAsync(cancellation);
        answer.CopyTo(response);
        return answer.Length;
    }

    public async ValueTask<ByteString> ResetAsync(CancellationToken cancellation) =>
        Atr = ByteString.Own(await Task.Run(() => VendorReader.Call(device.PowerOn), cancellation));

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
// end
